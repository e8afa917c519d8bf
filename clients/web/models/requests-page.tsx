import { formatCount } from "../i18n/format.ts";
import { t } from "../i18n/language.ts";
import { models } from "../server/models.ts";

/** What runs and what waits at this moment, by model. */
export function RequestsPage() {
  const texts = t.value;
  const rows = models.value.flatMap(({ id, details, stats }) => (details && stats ? [{ id, details, stats }] : []));
  const total = (of: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + of(row), 0);
  return (
    <div class="page">
      <h1>{texts.requests}</h1>
      <dl class="figures">
        <div>
          <dt>{texts.running}</dt>
          <dd>{formatCount(total(({ stats }) => stats.busySlots))}</dd>
        </div>
        <div>
          <dt>{texts.waiting}</dt>
          <dd>{formatCount(total(({ stats }) => stats.waiting))}</dd>
        </div>
      </dl>
      <div class="table-scroller" tabIndex={0} role="region" aria-label={texts.requests}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.model}</th>
              <th scope="col">{texts.running}</th>
              <th scope="col">{texts.waiting}</th>
              <th scope="col">{texts.slots}</th>
              <th scope="col">{texts.served}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, details, stats }) => (
              <tr key={id}>
                <th scope="row">{id}</th>
                <td>{formatCount(stats.busySlots)}</td>
                <td>{formatCount(stats.waiting)}</td>
                <td>{formatCount(details.slots)}</td>
                <td>{formatCount(stats.completionTokens)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
