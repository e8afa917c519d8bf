import type { PlainModel } from "../../trpc/from-proto.ts";
import { formatCount } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { models } from "../server/models.ts";

/** What runs and what waits at this moment, by model. */
export function RequestsPage() {
  const texts = t.value;
  const total = (of: (model: PlainModel) => number) => formatCount(models.value.reduce((sum, it) => sum + of(it), 0));
  return (
    <div class="page">
      <h1>{texts.requests}</h1>
      <dl class="figures">
        <div>
          <dt>{texts.running}</dt>
          <dd>{total(({ requests }) => requests.running)}</dd>
        </div>
        <div>
          <dt>{texts.waiting}</dt>
          <dd>{total(({ requests }) => requests.waiting)}</dd>
        </div>
      </dl>
      <div class="table-scroller" tabIndex={0} role="region" aria-label={texts.requests}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.model}</th>
              <th scope="col">{texts.running}</th>
              <th scope="col">{texts.waiting}</th>
              <th scope="col">{texts.slotsBusy}</th>
              <th scope="col">{texts.served}</th>
            </tr>
          </thead>
          <tbody>
            {models.value.map((model) => (
              <Row key={model.id} model={model} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Row({ model: { id, requests, stats, details } }: { readonly model: PlainModel }) {
  return (
    <tr>
      <th scope="row">{id}</th>
      <td>{formatCount(requests.running)}</td>
      <td>{formatCount(requests.waiting)}</td>
      <td>{stats && details ? `${formatCount(stats.busySlots)} / ${formatCount(details.slots)}` : "–"}</td>
      <td>{stats ? formatCount(stats.completionTokens) : "–"}</td>
    </tr>
  );
}
