// What went wrong, as the pages show it.

import { type ErrorType, type FieldError, MmmsError } from "mmms-client";
import { errorWords, wordsOf } from "./words/errors.js";

export interface Fault {
  type: ErrorType | "no_answer" | "not_the_service";
  title: string;
  /** What to do about it. */
  mend: string;
  /** The service's own words. */
  message: string | null;
  details: string | null;
  errors: readonly FieldError[];
  requestId: string | null;
}

/** What the page itself sees to be wrong, before the service is asked. */
export class Mistake extends Error {
  constructor(readonly errors: readonly FieldError[]) {
    super("Something in the form is not right.");
  }
}

/** Of a service that is newer than this page. */
const UNKNOWN = { title: "The service did not do that", mend: "Its own words are below." };

export function faultOf(error: unknown): Fault {
  const nothing = { message: null, details: null, errors: [], requestId: null };
  if (error instanceof Mistake) {
    return { ...nothing, ...errorWords.validation_error, type: "validation_error", errors: error.errors };
  }
  if (!(error instanceof MmmsError)) {
    return {
      ...nothing,
      type: "no_answer",
      title: "The service does not answer",
      mend: "It may be stopped or starting, or the network is away. What was sent in before is safe.",
    };
  }
  if (error.error_type === null) {
    return {
      ...nothing,
      type: "not_the_service",
      title: "Something before the service answered in its place",
      mend: "A gateway or a proxy is there. Its own log says more.",
      message: error.message,
      requestId: error.request_id,
    };
  }
  return {
    ...(wordsOf(error.error_type) ?? UNKNOWN),
    type: error.error_type,
    message: error.message,
    details: error.details,
    errors: error.errors,
    requestId: error.request_id,
  };
}
