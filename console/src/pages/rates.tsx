// What became of sent mail: deliveries, and the rates of bounces and complaints beside those at which SES acts.

import type { MailReports, Statistics } from "mmms-client";
import { useKeys } from "../keys_by_id.js";
import { service } from "../session.js";
import { counted, number } from "../words/figures.js";
import { BOUNCES, COMPLAINTS, type Limit, percent } from "../words/rates.js";

export function Rates({ statistics: { reports, keys }, name }: { statistics: Statistics; name: string }) {
  const { sent, delivered, bounced, complained, bounce_rate, complaint_rate } = reports;
  const isReported = bounce_rate !== null;
  return (
    <section class="card picture" aria-labelledby="rates-title">
      <div class="picture-head">
        <h2 id="rates-title">What became of sent mail</h2>
        <p class="picture-at">{`${counted(sent, "mail", "mails")} sent in ${name}`}</p>
      </div>
      <dl class="rates">
        <div>
          <dt>Delivered</dt>
          <dd class="rate">{isReported ? number(delivered) : "not reported"}</dd>
          <dd class="tile-note">
            {isReported ? (
              `${percent(Math.min(1, delivered / sent))} of ${number(sent)}, so far`
            ) : (
              <WhyNot sent={sent} />
            )}
          </dd>
        </div>
        <Rate
          name="Bounce rate"
          rate={bounce_rate}
          count={bounced}
          sent={sent}
          limit={BOUNCES}
          what="bounced for good"
        />
        <Rate
          name="Complaint rate"
          rate={complaint_rate}
          count={complained}
          sent={sent}
          limit={COMPLAINTS}
          what="complained"
        />
      </dl>
      {isReported && (
        <p class="soft rates-note">
          Reports count in the hour of their mail, so that these numbers still grow. Mail to test addresses is left out.
          SES computes its own rates, of the latest mail of the whole account.
        </p>
      )}
      {keys.length > 0 && <RatesOfKeys keys={keys} />}
    </section>
  );
}

/** The reason why there is no rate. */
function WhyNot({ sent }: { sent: number }) {
  if (service.value?.mailbox) {
    return <>The mailbox reports only on test addresses, and those count in no rate.</>;
  }
  if (sent === 0) return <>Nothing was sent.</>;
  return <>Nothing is reported of this mail. SMTP reports nothing; SES needs MAIL_EVENT_QUEUE_URL.</>;
}

interface Rated {
  name: string;
  rate: number | null;
  count: number;
  sent: number;
  limit: Limit;
  what: string;
}

function Rate({ name, rate, count, sent, limit, what }: Rated) {
  const known = `SES reviews an account from ${percent(limit.review)}, and may pause its sending from ${percent(limit.pause)}`;
  if (rate === null) {
    return (
      <div>
        <dt>{name}</dt>
        <dd class="rate">not reported</dd>
        <dd class="tile-note">{known}.</dd>
      </div>
    );
  }
  const high = rate >= limit.review;
  return (
    <div class={high ? "is-high" : undefined}>
      <dt>{name}</dt>
      <dd class="rate">{percent(rate)}</dd>
      <dd class="meter" aria-hidden="true">
        <span style={{ width: `${Math.min(1, rate / limit.pause) * 100}%` }} />
        <i style={{ left: `${(limit.review / limit.pause) * 100}%` }} />
      </dd>
      <dd class="tile-note">
        {`${number(count)} of ${number(sent)} ${what}. `}
        {high ? <strong>{known}.</strong> : `${known}.`}
      </dd>
    </div>
  );
}

function RatesOfKeys({ keys }: { keys: Statistics["keys"] }) {
  const { nameOf } = useKeys();
  const cell = (count: number, rate: number | null, limit: Limit) =>
    rate === null ? (
      <td class="is-number soft">not reported</td>
    ) : (
      <td class="is-number">
        <span class={rate >= limit.review ? "is-bad-text" : undefined}>{percent(rate)}</span>{" "}
        <span class="soft">({number(count)})</span>
      </td>
    );
  const delivered = ({ bounce_rate, delivered: count }: MailReports) =>
    bounce_rate === null ? "not reported" : number(count);
  return (
    <details class="more">
      <summary>By key</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: users without a mouse scroll it with the arrow keys */}
      <section class="scroll" tabIndex={0} aria-label="The rates of each key">
        <table>
          <thead>
            <tr>
              <th scope="col">Key</th>
              {["Sent", "Delivered", "Bounced", "Complained"].map((name) => (
                <th key={name} scope="col" class="is-number">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {keys.map(({ api_key_id: id, reports }) => (
              <tr key={id}>
                <th scope="row" dir="auto">
                  {nameOf(id)}
                </th>
                <td class="is-number">{number(reports.sent)}</td>
                <td class={reports.bounce_rate === null ? "is-number soft" : "is-number"}>{delivered(reports)}</td>
                {cell(reports.bounced, reports.bounce_rate, BOUNCES)}
                {cell(reports.complained, reports.complaint_rate, COMPLAINTS)}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
}
