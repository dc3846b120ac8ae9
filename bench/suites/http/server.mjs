import { field } from "./designs.mjs";
import { serve } from "./serve.mjs";

await serve(field);
