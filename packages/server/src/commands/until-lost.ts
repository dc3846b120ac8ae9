import { SojournProblem } from "@sojourn/client";

/** The messages of a stream. One that is lost after its first message ends: what has come is good, and whoever reads knows from the last whether it was all. */
export async function* untilLost<Message>(messages: AsyncIterable<Message>): AsyncGenerator<Message, void, undefined> {
  let begun = false;
  try {
    for await (const message of messages) {
      begun = true;
      yield message;
    }
  } catch (error) {
    if (!begun || !(error instanceof SojournProblem && error.code === "no_answer")) throw error;
  }
}
