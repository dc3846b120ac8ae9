import { SojournError } from "../core/errors.ts";
import type { HandBack } from "../core/resumable.ts";
import type { Session } from "../core/session.ts";
import type { Carrier } from "./carriers.ts";
import { clearText } from "./clear-site-data.ts";
import type { SetCookies } from "./cookie.ts";
import { checkCsrf } from "./csrf.ts";
import type { Door, Knock, RequestReader, WebOptions } from "./door.ts";
import { isSafe } from "./origin.ts";
import type { AnswerPlan } from "./page-answer.ts";
import type { HtmlRewriter, PageToken } from "./page-rewriter.ts";
import { fieldValue, queryValue, type ParameterCarrier } from "./parameters.ts";
import { withoutRoute, withRoute } from "./route.ts";

/** A visit that may have come by other ways than a header. */
export interface WideKnock<Request> extends Knock<Request> {
  /** A header brought a token: the client has no need of links. */
  readonly shown: boolean;
  /** The request's URL has a value under the parameter's name. */
  readonly inUrl: boolean;
}

/** What a door does beyond headers: tokens in URLs and forms, pages that bring them, CSRF tokens, Clear-Site-Data. Only where one of these was asked for. */
export interface WideDoor<Request> {
  readonly vary: string;
  readonly rewriter: HtmlRewriter | undefined;
  /** Whether the answers are changed too, and not only what requests may do. */
  readonly changesAnswers: boolean;
  /** Most bytes of a form to be read. */
  readonly formLimit: number;
  /** Whether the request's form has to be known before {@link knock}. */
  wantsForm(request: Request): boolean;
  /** @param form what was made of the request's form; whatever it is. */
  knock(request: Request, onPending: () => void, form: unknown): WideKnock<Request>;
  refusal(request: Request): SojournError | undefined;
  /** The `cross_site` error when the request has to bring a CSRF token and did not. */
  unproven(knock: WideKnock<Request>, session: Session<unknown>, form: unknown): SojournError | undefined;
  /** @throws {SojournError} `too_large` */
  setCookie(knock: WideKnock<Request>, back: HandBack): SetCookies | undefined;
  /** What becomes of the answer, once the session is settled. */
  plan(knock: WideKnock<Request>, session: Session<unknown> | undefined, back: HandBack | undefined): AnswerPlan;
}

const defaultLimit = 1_048_576;

/** `undefined` when the options ask for none of it. @throws {SojournError} `invalid_option` */
export function wideDoor<Request>(options: WebOptions, reader: RequestReader<Request>, door: Door<Request>): WideDoor<Request> | undefined {
  const { csrf, carriers, route } = options;
  const parameters = parametersOf(carriers);
  const clear = clearText(options.clearSiteData);
  if (parameters.length === 0 && csrf === undefined && clear === undefined) return undefined;
  const handing = carriers.find((carrier) => carrier.setCookie !== undefined);
  const inQuery = parameters.find(({ place }) => place === "query");
  const inForm = parameters.find(({ place }) => place === "form");
  const { field: csrfField, header: csrfHeader } = { field: csrf?.field ?? "_csrf", header: (csrf?.header ?? "x-csrf-token").toLowerCase() };

  /** A token in the URL and another in the form: neither counts. */
  function inParameters(query: string | undefined, form: unknown): { readonly carrier: ParameterCarrier; readonly token: string } | undefined {
    const field = inForm === undefined ? undefined : fieldValue(form, inForm.name);
    const [byUrl, byForm] = [tokenIn(inQuery, query), tokenIn(inForm, field)];
    if (byUrl !== undefined && byForm !== undefined && byUrl !== byForm) return undefined;
    if (byUrl !== undefined && inQuery !== undefined) return { carrier: inQuery, token: byUrl };
    return byForm !== undefined && inForm !== undefined ? { carrier: inForm, token: byForm } : undefined;
  }

  /**
   * Whether another site's page sent the request, as far as it says. A token in a URL or form counts only in what the site's own pages send, or what was
   * typed: else a link on any page would put its reader into the session of whoever wrote it.
   */
  function isFromElsewhere(request: Request): boolean {
    const site = reader.header(request, "sec-fetch-site");
    if (site !== undefined) return site !== "same-origin" && site !== "none";
    const referer = reader.header(request, "referer");
    if (referer === undefined || !URL.canParse(referer)) return false;
    return new URL(referer).host.toLowerCase() !== reader.host(request)?.toLowerCase();
  }

  function pageOf(request: Request): URL | undefined {
    const url = reader.url?.(request) ?? "/";
    try {
      const path = url.startsWith("/") ? url : new URL(url).href.slice(new URL(url).origin.length);
      // Joined as text: a path may begin with two slashes.
      return new URL(`${door.isSecure(request) ? "https" : "http"}://${reader.host(request) ?? "host.invalid"}${path}`);
    } catch {
      return undefined;
    }
  }

  return {
    vary: [door.vary, parameters.length === 0 ? "" : "Sec-Fetch-Site"].filter((names) => names !== "").join(", "),
    rewriter: inQuery?.pages,
    changesAnswers: parameters.length > 0 || clear !== undefined,
    formLimit: inForm?.limit ?? defaultLimit,
    wantsForm(request) {
      if ((inForm === undefined && csrf === undefined) || isSafe(reader.method(request))) return false;
      const { token, carrier } = door.knock(request, ignore);
      if (token === undefined && inForm !== undefined) return true;
      return csrf !== undefined && carrier?.setCookie !== undefined && reader.header(request, csrfHeader) === undefined;
    },
    knock(request, onPending, form) {
      const known = door.knock(request, onPending);
      const query = inQuery === undefined ? undefined : queryValue(reader.url?.(request) ?? "", inQuery.name);
      const given = inParameters(query, form);
      const [shown, inUrl] = [known.token !== undefined, query !== undefined];
      // The client shows that it takes cookies, and its secret stands in a URL or a page still.
      if (shown) return { ...known, shown, inUrl, rotates: known.rotates === true && given?.token === known.token ? "now" : known.rotates };
      if (given === undefined || isFromElsewhere(request)) return { ...known, shown, inUrl };
      return { ...known, shown, inUrl, carrier: given.carrier, token: given.token, rotates: false, loose: true };
    },
    refusal(request) {
      return door.refusal(request) ?? (parameters.length > 0 && door.knock(request, ignore).token === undefined ? door.crossed(request) : undefined);
    },
    unproven({ request, carrier }, session, form) {
      if (csrf === undefined || carrier?.setCookie === undefined || isSafe(reader.method(request))) return undefined;
      if (checkCsrf(session, reader.header(request, csrfHeader) ?? fieldValue(form, csrfField))) return undefined;
      return new SojournError(
        "cross_site",
        `The request has no CSRF token of this session. Put csrfToken(session) into the form's field ${JSON.stringify(csrfField)} or the header ${JSON.stringify(csrfHeader)}.`,
      );
    },
    setCookie(knock, back) {
      if (knock.carrier?.place === undefined) return door.setCookie(knock, back);
      // A client without our cookie may take it all the same; it has none to be taken away.
      return back.token === undefined ? undefined : door.setCookie({ ...knock, carrier: handing }, back);
    },
    plan(knock, session, back) {
      const { request, shown, inUrl, carrier } = knock;
      const token = shown || session?.exists !== true ? undefined : (session.token ?? (carrier?.place === undefined ? undefined : knock.token));
      return {
        token: token === undefined || inQuery?.pages === undefined ? undefined : pageToken(request, inQuery.name, token),
        inUrl,
        clear: back !== undefined && back.token === undefined && door.isSecure(request) ? clear : undefined,
      };
    },
  };

  function pageToken(request: Request, name: string, token: string): PageToken | undefined {
    const page = pageOf(request);
    return page === undefined ? undefined : { name, token: route === undefined ? token : withRoute(token, route), page, field: inForm?.name };
  }
}

function tokenIn(carrier: ParameterCarrier | undefined, value: string | undefined): string | undefined {
  const token = value === undefined ? undefined : carrier?.read(value);
  return token === undefined ? undefined : withoutRoute(token);
}

/** @throws {SojournError} `invalid_option` */
function parametersOf(carriers: readonly Carrier[]): readonly ParameterCarrier[] {
  const parameters = carriers.filter((carrier): carrier is ParameterCarrier => carrier.place !== undefined);
  const first = carriers.findIndex(({ place }) => place !== undefined);
  if (first !== -1 && carriers.length - first !== parameters.length)
    throw new SojournError("invalid_option", "carriers: urlParameter() and formField() come last, or a link could override the session of a cookie.");
  for (const place of ["query", "form"])
    if (parameters.filter((carrier) => carrier.place === place).length > 1)
      throw new SojournError("invalid_option", `carriers: there are several ${place === "query" ? "urlParameter()" : "formField()"}. Give one.`);
  return parameters;
}

function ignore(): void {}
