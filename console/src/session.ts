// The session: the admin token, for as long as this tab is open, and the secrets of keys made in it.

import { computed, signal } from "@preact/signals";
import { createClient } from "mmms-client";

const STORED = "mmms.admin-token";

/** The facts that the service publishes before sign-in. */
export interface Service {
  /** True if mail is captured for `/mailbox` instead of being sent. */
  mailbox: boolean;
  /** How mail leaves: `mailbox` if it does not, `smtp` or `ses`. */
  transport: string;
  version: string;
  /** True if management requires the admin token. */
  sign_in: boolean;
}

/** A secret that was shown in this tab. It is in memory only, and lost with the page. */
export interface KnownKey {
  id: string;
  name: string;
  secret: string;
  senders: readonly string[];
}

/** The changed fields of a mail that is being written. They are in memory only. */
export interface Draft {
  keyId?: string;
  pasted?: string;
  sender?: string;
  senderName?: string;
  to?: string;
  /** The time before which it is not sent, as the input writes it. */
  when?: string;
  subject?: string;
  text?: string;
  html?: string;
}

export const draft = signal<Draft>({});
export const service = signal<Service | null>(null);
export const token = signal(sessionStorage.getItem(STORED));
export const knownKeys = signal<readonly KnownKey[]>([]);
/** The reason for a new sign-in. */
export const refusal = signal<string | null>(null);
export const management = computed(() => createClient({ baseUrl: "", adminToken: token.value ?? undefined }));

export async function findService(): Promise<void> {
  const response = await fetch("/console/service.json", { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`HTTP status ${response.status}`);
  service.value = await response.json();
}

export function signIn(given: string): void {
  sessionStorage.setItem(STORED, given);
  refusal.value = null;
  token.value = given;
}

/** Signs out, and requires the token even if the service did not require it before. */
export function bar(): void {
  const why = token.value === null ? null : "The service does not know this admin token any more.";
  if (service.value) service.value = { ...service.value, sign_in: true };
  signOut(why);
}

export function signOut(why: string | null = null): void {
  sessionStorage.removeItem(STORED);
  knownKeys.value = [];
  draft.value = {};
  refusal.value = why;
  token.value = null;
}

export function remember(key: KnownKey): void {
  knownKeys.value = [key, ...knownKeys.value.filter(({ id }) => id !== key.id)];
}

export function forget(id: string): void {
  knownKeys.value = knownKeys.value.filter((key) => key.id !== id);
}
