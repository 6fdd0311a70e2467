// The confusion matrix: a grid that arrow keys walk, and that says each cell in words.

import { make, NO_SHORTCUTS, set } from "../../live/page/elements.js";
import { abbreviations, arranged, shortName, spoken } from "./grid.js";

/** `open(row, column)` is called with the names of a cell that somebody opens. */
export function makeMatrix(open) {
  const element = make("section", "ci-matrix", "", { "aria-label": "Confusion matrix" });
  const head = make("div", "ci-bar");
  const title = make("h3", "ci-title", "What is taken for what");
  const search = make("input", "cw-text ci-search", "", {
    type: "search",
    placeholder: "Find a class",
    "aria-label": "Find a class in the matrix",
  });
  const frame = make("div", "ci-matrix-frame");
  const table = make("table", "ci-grid", "", {
    role: "grid",
    "aria-label": "Specimens by label (rows) and by what the network says (columns)",
  });
  const told = make("p", "ci-told", "", { "aria-hidden": "true" });
  const hint = make(
    "p",
    "cw-hint",
    "Rows are labels, columns are what the network says. Arrow keys walk, Enter opens.",
  );
  head.append(title, search);
  frame.append(table);
  element.append(head, frame, told, hint);

  let numbers = null;
  let starts = new Map();
  let shape = "";
  let shown = { rows: [], columns: [], left: 0 };
  let cells = []; // of each row its cells
  let counts = new Map();
  let wholes = [];
  let at = [0, 0];

  const nameOf = (number) => numbers.names[number];
  const say = (row, column) =>
    spoken(nameOf(row), nameOf(column), counts.get(`${row} ${column}`) ?? 0, wholes[row] ?? 0);

  function point(row, column, { focus = true } = {}) {
    cells[at[0]]?.[at[1]]?.setAttribute("tabindex", "-1");
    at = [
      Math.min(Math.max(row, 0), cells.length - 1),
      Math.min(Math.max(column, 0), (cells[0]?.length ?? 1) - 1),
    ];
    const cell = cells[at[0]]?.[at[1]];
    if (!cell) return;
    cell.setAttribute("tabindex", "0");
    if (focus) cell.focus();
  }

  function header(number, scope) {
    const genus = numbers.genera[number] ?? "";
    const cell = make("th", `ci-${scope}`, "", { scope, title: nameOf(number) });
    cell.setAttribute("role", scope === "row" ? "rowheader" : "columnheader");
    cell.append(make("span", "", shortName(nameOf(number), genus, starts.get(genus))));
    if (number >= numbers.classes) cell.classList.add("ci-strange");
    return cell;
  }

  /** Marks where a genus begins. */
  const begins = (list, index) =>
    index > 0 && numbers.genera[list[index]] !== numbers.genera[list[index - 1]];

  function build() {
    const body = make("tbody");
    const top = make("tr", "", "", { role: "row" });
    const corner = make("th", "ci-corner", "", { role: "columnheader" });
    corner.append(make("span", "", "label \\ network"));
    top.append(corner);
    shown.columns.forEach((number, index) => {
      const cell = header(number, "col");
      cell.classList.toggle("ci-genus-left", begins(shown.columns, index));
      top.append(cell);
    });
    const above = make("thead");
    above.append(top);
    cells = shown.rows.map((row, down) => {
      const line = make("tr", "", "", { role: "row" });
      line.classList.toggle("ci-genus-top", begins(shown.rows, down));
      line.append(header(row, "row"));
      const made = shown.columns.map((column, across) => {
        const cell = make("td", "ci-cell", "", {
          role: "gridcell",
          tabindex: "-1",
          [NO_SHORTCUTS]: "true",
        });
        cell.place = [down, across];
        cell.classList.toggle("ci-genus-left", begins(shown.columns, across));
        line.append(cell);
        return cell;
      });
      body.append(line);
      return made;
    });
    table.replaceChildren(above, body);
    const many = Math.max(shown.rows.length, shown.columns.length);
    table.dataset.size = many <= 20 ? "large" : many <= 40 ? "middle" : "small";
    set(table, { "aria-rowcount": String(cells.length + 1) });
  }

  function fill() {
    shown.rows.forEach((row, down) =>
      shown.columns.forEach((column, across) => {
        const cell = cells[down][across];
        const count = counts.get(`${row} ${column}`) ?? 0;
        const part = wholes[row] ? count / wholes[row] : 0;
        set(cell, {
          textContent: count ? String(count) : "",
          "aria-label": say(row, column),
        });
        cell.dataset.kind = count === 0 ? "none" : row === column ? "right" : "wrong";
        cell.style.setProperty("--part", String(Math.round(100 * Math.sqrt(part)) / 100));
      }),
    );
    const rest = shown.left
      ? ` ${shown.left} more names are not drawn: find them by the search, or in the list of pairs.`
      : "";
    hint.textContent = shown.rows.length
      ? `Rows are labels, columns are what the network says. Arrow keys walk, Enter opens.${rest}`
      : "No class has such a name.";
  }

  function show(news) {
    numbers = news;
    starts = abbreviations(news.genera);
    counts = new Map(news.cells.map(([row, column, count]) => [`${row} ${column}`, count]));
    wholes = [];
    for (const [row, , count] of news.cells) wholes[row] = (wholes[row] ?? 0) + count;
    const held = cells[at[0]]?.[at[1]];
    const focused = held && held === document.activeElement;
    const before = held && [shown.rows[at[0]], shown.columns[at[1]]];
    shown = arranged(news, search.value);
    const now = JSON.stringify([shown.rows, shown.columns, news.names]);
    if (now !== shape) {
      shape = now;
      build();
      const back = before
        ? [shown.rows.indexOf(before[0]), shown.columns.indexOf(before[1])]
        : [0, 0];
      point(...back, { focus: Boolean(focused) });
    }
    fill();
  }

  const enter = ([down, across]) => {
    const [row, column] = [shown.rows[down], shown.columns[across]];
    if (counts.get(`${row} ${column}`)) open(nameOf(row), nameOf(column));
    else told.textContent = `${say(row, column)}. There is nothing to open.`;
  };
  const tell = (cell) =>
    (told.textContent = say(shown.rows[cell.place[0]], shown.columns[cell.place[1]]));

  search.addEventListener("input", () => numbers && show(numbers));
  table.addEventListener("mouseover", (event) => event.target.place && tell(event.target));
  table.addEventListener("focusin", (event) => event.target.place && tell(event.target));
  table.addEventListener("click", (event) => {
    if (!event.target.place) return;
    point(...event.target.place);
    enter(event.target.place);
  });
  const steps = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
    PageUp: [-10, 0],
    PageDown: [10, 0],
    Home: [0, -1e6],
    End: [0, 1e6],
  };
  table.addEventListener("keydown", (event) => {
    if (!event.target.place || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") enter(event.target.place);
    else if (Object.hasOwn(steps, event.key)) {
      const [down, across] = steps[event.key];
      const far = event.ctrlKey ? 1e6 : 1;
      point(at[0] + down * far, at[1] + across * far);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return { element, show, focus: () => point(...at) };
}
