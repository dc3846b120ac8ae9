import { serve } from "../http/serve.mjs";
import { field } from "./designs.mjs";

await serve(field);
