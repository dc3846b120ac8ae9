import type { Message } from "@sojourn/client";

/** How far the ending of everything is, as far as it is known here. Times are epoch ms. */
export type Course =
  | { readonly at: "asking" }
  | { readonly at: "sent" }
  /** The order stands; the sessions are being ended one by one. */
  | { readonly at: "standing"; readonly issuedBefore: number; readonly ended: number }
  | { readonly at: "done"; readonly issuedBefore: number | undefined; readonly ended: number }
  /** The server is not heard any more. Without `issuedBefore` it is not known whether the order reached it. */
  | { readonly at: "lost"; readonly issuedBefore?: number; readonly ended: number; readonly why: string }
  | { readonly at: "refused"; readonly why: string };

/** What can happen on the way. */
export type Step =
  | { readonly is: "sent" }
  | { readonly is: "told"; readonly message: Message<"revokeEverything"> }
  | { readonly is: "lost"; readonly why: string }
  | { readonly is: "refused"; readonly why: string };

/** What a step makes of the course. What was known stays known: an order that stands is not unsaid by a line that breaks, nor by one more try. */
export function stepped(course: Course, step: Step): Course {
  switch (step.is) {
    case "sent":
      return { at: "sent" };
    case "refused":
      return { at: "refused", why: step.why };
    case "lost": {
      if (course.at === "done") return course;
      const known = course.at === "standing" ? { issuedBefore: course.issuedBefore } : {};
      return { at: "lost", ...known, ended: "ended" in course ? course.ended : 0, why: step.why };
    }
    case "told": {
      const { message } = step;
      if ("done" in message) return { at: "done", issuedBefore: "issuedBefore" in course ? course.issuedBefore : undefined, ended: message.ended };
      if ("issuedBefore" in message) return { at: "standing", issuedBefore: message.issuedBefore, ended: 0 };
      return course.at === "standing" ? { ...course, ended: message.ended } : course;
    }
  }
}
