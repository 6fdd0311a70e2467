// The network's first classes, as bars.

import { make } from "../../live/page/elements.js";

/** Writes `top`, [{name, percent, part}], into a list. */
export function showRanking(list, top) {
  list.replaceChildren(
    ...top.map(({ name, percent, part }) => {
      const row = make("li", "ci-rank");
      const bar = make("span", "ci-meter", "", { "aria-hidden": "true" });
      const fill = make("span", "ci-meter-fill");
      fill.style.width = `${100 * part}%`;
      bar.append(fill);
      row.append(make("span", "ci-rank-name", name), bar, make("span", "ci-rank-percent", percent));
      return row;
    }),
  );
}
