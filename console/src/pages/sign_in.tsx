// Sign-in: asks for the admin token, only if the service requires one.

import { createClient, getStatistics } from "mmms-client";
import { useEffect, useState } from "preact/hooks";
import { Brand } from "../app.js";
import { type Fault, faultOf } from "../fault.js";
import { Field } from "../parts/field.js";
import { FaultNotice } from "../parts/notice.js";
import { findService, refusal, service, signIn } from "../session.js";

export function SignIn() {
  const [fault, setFault] = useState<Fault | null>(null);
  const look = () => {
    setFault(null);
    findService().catch((error: unknown) => setFault(faultOf(error)));
  };
  useEffect(() => {
    if (!service.value) look();
  }, []);
  return (
    <main class="gate">
      <Brand />
      {service.value ? <TokenForm /> : null}
      {fault && (
        <>
          <FaultNotice fault={fault} />
          <button type="button" class="button" onClick={look}>
            Try again
          </button>
        </>
      )}
    </main>
  );
}

function TokenForm() {
  const [given, setGiven] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const [why, setWhy] = useState(refusal.value);

  const submit = async () => {
    setBusy(true);
    setFault(null);
    setWhy(null);
    try {
      const client = createClient({ baseUrl: "", adminToken: given });
      await getStatistics({ client, throwOnError: true });
      signIn(given);
    } catch (error) {
      const found = faultOf(error);
      if (found.type === "authentication_error") setWhy("The service does not know this admin token.");
      else setFault(found);
      setBusy(false);
      document.querySelector<HTMLElement>("main input")?.focus();
    }
  };

  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        if (given && !busy) void submit();
      }}
    >
      <h1>Sign in</h1>
      <Field
        label="Admin token"
        type="password"
        autocomplete="current-password"
        value={given}
        change={setGiven}
        required
        invalid={why !== null}
        hint="The value of ADMIN_TOKEN, or of the secret that ADMIN_SECRET_NAME names. It stays in this tab until you close it or sign out."
      />
      {why && (
        <p class="notice is-bad" role="alert">
          {why}
        </p>
      )}
      {fault && <FaultNotice fault={fault} />}
      <button type="submit" class="button is-primary" aria-disabled={busy}>
        Sign in
      </button>
    </form>
  );
}
