// Faults, as the pages show them.

import { type ErrorType, type FieldError, MmmsError } from "mmms-client";
import { errorWords, wordsOf } from "./words/errors.js";

export interface Fault {
  type: ErrorType | "no_answer" | "not_the_service";
  title: string;
  /** The remedy. */
  remedy: string;
  /** The service's own words. */
  message: string | null;
  details: string | null;
  errors: readonly FieldError[];
  requestId: string | null;
}

/** A fault that the page finds before it sends a request. */
export class Mistake extends Error {
  constructor(readonly errors: readonly FieldError[]) {
    super("Something in the form is not right.");
  }
}

/** For an error type of a service that is newer than this page. */
const UNKNOWN = { title: "The service refused the request", remedy: "Its message is below." };

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
      remedy: "It may be stopped or starting, or the network is down. Accepted mail is safe.",
    };
  }
  if (error.error_type === null) {
    return {
      ...nothing,
      type: "not_the_service",
      title: "Another server answered instead of the service",
      remedy: "A gateway or a proxy is in front of the service. Its log has the cause.",
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
