import type { VNode } from "preact";
import { Notice } from "../../parts/notice.tsx";
import { counted } from "../../text/numbers.ts";
import { momentText } from "../../text/times.ts";
import type { Course } from "./everything.ts";

/** What is known of the ending of everything, and no more than that. */
export function CourseText({ of: course }: { readonly of: Course }): VNode | null {
  switch (course.at) {
    case "asking":
      return null;
    case "refused":
      return <Notice tone="bad">Nothing was ended. {course.why}</Notice>;
    case "sent":
      return (
        <div role="status">
          <p>The order is on its way …</p>
          <progress aria-label="The order is on its way" />
        </div>
      );
    case "standing":
      return (
        <div role="status">
          <p>
            <b>The order stands.</b> Nothing that was issued before {momentText(course.issuedBefore)} is good any more, on any server. Now each session is ended
            by itself, so that listeners hear of it: {counted(course.ended, "session")} so far. Closing this stops nothing.
          </p>
          <progress aria-label="Ending them one by one" />
        </div>
      );
    case "done":
      return (
        <Notice tone="good">
          Done. {counted(course.ended, "session")} ended
          {course.issuedBefore === undefined ? "" : `; nothing that was issued before ${momentText(course.issuedBefore)} is good any more`}.
        </Notice>
      );
    case "lost":
      return course.issuedBefore === undefined ? (
        <Notice tone="bad">
          The order was sent and no answer came: <b>it is not known whether it stands.</b> {course.why} Send it again once the server can be reached; twice does
          no harm.
        </Notice>
      ) : (
        <Notice tone="warn">
          <b>The order stands:</b> nothing that was issued before {momentText(course.issuedBefore)} is good any more. The line to the server broke after{" "}
          {counted(course.ended, "session")} had been ended one by one. Unless the server stopped it goes on without this page. {course.why}
        </Notice>
      );
  }
}
