import type { VNode } from "preact";

const paths = {
  now: "M3 12h4l3-8 4 16 3-8h4",
  sessions: "M4 6h16M4 12h16M4 18h10",
  health: "M12 20s-7.5-4.6-7.5-10A4.5 4.5 0 0 1 12 7a4.5 4.5 0 0 1 7.5 3c0 5.400-7.5 10-7.5 10z",
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M5.600 5.600 4.200 4.200M19.800 19.800l-1.400-1.400M18.400 5.600l1.400-1.400M4.200 19.800l1.400-1.400M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  moon: "M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500z",
  auto: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 3v18M12 7l6.300-1M12 12h9M12 17h7",
  out: "M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9",
  help: "M9 9a3 3 0 1 1 4.500 2.600c-1 .6-1.500 1.200-1.500 2.400M12 17.500v.1M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  close: "M6 6l12 12M18 6 6 18",
  good: "M5 12.500l4.500 4.500L19 7.500",
  bad: "M12 8v5M12 16.500v.1M12 3 2.500 20h19z",
  yours: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 8v4l3 2",
  copy: "M9 9h10v11H9zM5 15V4h10",
  eye: "M2 12s3.600-6.500 10-6.500S22 12 22 12s-3.600 6.500-10 6.500S2 12 2 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  again: "M20 12a8 8 0 1 1-2.400-5.700M20 3v5h-5",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7z",
  more: "M6 9l6 6 6-6",
  end: "M12 3v9M6.300 6.700a8 8 0 1 0 11.400 0",
  phone: "M8 3h8v18H8zM11.500 18h1",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof paths;

/** A sign beside words; it says nothing to who hears the page. */
export function Icon({ name, size = 18 }: { readonly name: IconName; readonly size?: number }): VNode {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" fill="none" aria-hidden="true" focusable="false">
      <path d={paths[name]} stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

/** The sign of the house: a lamp over a horizon. */
export function Mark({ size = 28 }: { readonly size?: number }): VNode {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" fill="none" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" class="mark-ground" />
      <g class="mark-sign" stroke-width="2.6" stroke-linecap="round">
        <path d="M8 21a8 8 0 0 1 16 0M6 21h20" />
        <circle cx="16" cy="9" r="0.7" />
      </g>
    </svg>
  );
}
