// The behaviour of the page: it shows the view that the address names, draws the rows of the matrix
// from data, and unpacks the page of a case. All markup comes from the program that wrote the file;
// texts of data become text nodes here, never markup.
"use strict";

const element = (id) => document.getElementById(id);
const data = JSON.parse(element("data").textContent);
const title = document.title;
const packs = new Map();

/** So many rows are drawn at once; a reader may ask for the rest. */
const MOST_ROWS = 400;

/** Makes an element with attributes and children; a child that is a string becomes text. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Gives a packed part of the page: Base64 of compressed JSON. */
function unpack(name) {
  if (!packs.has(name)) {
    const packed = element(`pack-${name}`);
    if (!packed) return Promise.resolve({});
    const bytes = Uint8Array.from(atob(packed.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    packs.set(name, new Response(stream).json());
  }
  return packs.get(name);
}

/** The address of a case, or of its verdict in one run. */
function caseAddress(id, kernel, privilege) {
  const parts = kernel === undefined ? [id] : [id, kernel, privilege];
  return `#case/${parts.map(encodeURIComponent).join("/")}`;
}

// --- The matrix -----------------------------------------------------------------------------------

/** The sections that the reader has unfolded. */
const unfolded = new Set();
/** Whether all rows are drawn, however many. */
let drawsAll = false;

/** The choices in an address such as `show=differs&as=root&q=mount`. */
function choices(query) {
  const given = new URLSearchParams(query);
  return { q: given.get("q") ?? "", show: given.get("show") ?? "", as: given.get("as") ?? "" };
}

/** The places of the privileges that are shown. */
function shownPrivileges(as) {
  const all = data.privileges.map((_, place) => place);
  return data.privileges.includes(as) ? [data.privileges.indexOf(as)] : all;
}

/** Says how many rules have which verdicts: for rows that all kernels agree on. */
function alike(rows, shown) {
  const counts = new Map();
  for (const row of rows) {
    const words = shown.map((privilege) => data.statuses[row[2][privilege].charCodeAt(0) - 97].word);
    const isOne = new Set(words).size === 1;
    const word = isOne
      ? words[0]
      : words.map((each, place) => `${each} as ${data.privileges[shown[place]]}`).join(" and ");
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(", ");
}

function cell(row, privilege, kernel) {
  const status = data.statuses[row[2][privilege].charCodeAt(kernel) - 97];
  const [name, whom] = [data.kernels[kernel], data.privileges[privilege]];
  const link = make(
    "a",
    {
      href: caseAddress(row[0], name, whom),
      tabindex: "-1",
      title: `${name} as ${whom}: ${status.word}`,
      "aria-label": `${name} as ${whom}: ${status.word}`,
    },
    status.sign,
  );
  const begin = kernel === 0 ? " begin" : "";
  return make("td", { class: status.tone + begin }, link);
}

function rowOf(row, shown) {
  const link = make("a", { href: caseAddress(row[0]), class: "id" }, row[0]);
  const head = make("th", { scope: "row", class: "rule" }, link, make("div", { class: "quiet" }, row[1]));
  const cells = shown.flatMap((privilege) => data.kernels.map((_, kernel) => cell(row, privilege, kernel)));
  return make("tr", {}, head, ...cells);
}

function headOf(shown) {
  const whom = shown.map((privilege) =>
    make("th", { colspan: data.kernels.length, scope: "colgroup", class: "begin" }, `as ${data.privileges[privilege]}`),
  );
  const kernels = shown.flatMap(() =>
    data.kernels.map((name, place) =>
      make("th", { scope: "col", class: place === 0 ? "kernel begin" : "kernel", title: name }, make("span", {}, name)),
    ),
  );
  const rule = make("th", { scope: "col", rowspan: data.kernels.length ? 2 : 1, class: "rule" }, "rule");
  const rows = [make("tr", {}, rule, ...whom)];
  if (kernels.length) rows.push(make("tr", {}, ...kernels));
  return make("thead", {}, ...rows);
}

/** A section: the rows that are looked for, and a button for those that are folded. */
function sectionOf(group, section, wanted, folded, shown, redraw) {
  const columns = shown.length * data.kernels.length + 1;
  const name = section.name || "elsewhere";
  const words = make("div", {}, name);
  if (folded.length) {
    const key = `${group.name} ${section.name}`;
    const isOpen = unfolded.has(key);
    const action = `${isOpen ? "fold" : "unfold"} ${folded.length} alike`;
    const button = make("button", { type: "button", "aria-expanded": String(isOpen), "data-key": key }, action);
    button.addEventListener("click", () => {
      if (!unfolded.delete(key)) unfolded.add(key);
      redraw();
      document.querySelector(`button[data-key="${CSS.escape(key)}"]`)?.focus();
    });
    words.append(" ", button, " ", make("span", { class: "quiet" }, alike(folded, shown)));
    if (isOpen) wanted = section.rows;
  }
  const head = make("th", { colspan: columns, scope: "rowgroup" }, words);
  return [make("tr", { class: "section" }, head), ...wanted.map((row) => rowOf(row, shown))];
}

function drawMatrix(query) {
  const chosen = choices(query);
  const shown = shownPrivileges(chosen.as);
  const bit = data.patterns.indexOf(chosen.show);
  const words = chosen.q.toLowerCase().split(/\s+/).filter(Boolean);
  const isFiltered = bit >= 0 || words.length > 0;
  const has = (row, wanted) => shown.some((privilege) => (row[3][privilege] >> wanted) & 1);
  const matches = (row) => {
    const text = `${row[0]} ${row[1]}`.toLowerCase();
    return words.every((word) => text.includes(word)) && (bit < 0 || has(row, bit));
  };
  // Without kernels nothing is alike.
  const folds = !isFiltered && data.kernels.length > 0;
  const differs = data.patterns.indexOf("differs");
  const redraw = () => drawMatrix(query);
  const bodies = [];
  let found = 0;
  let drawn = 0;
  for (const group of data.groups) {
    const rows = [];
    for (const section of group.sections) {
      const wanted = section.rows.filter((row) => (folds ? has(row, differs) : matches(row)));
      const folded = folds ? section.rows.filter((row) => !has(row, differs)) : [];
      found += wanted.length;
      const room = drawsAll ? wanted.length : Math.max(0, MOST_ROWS - drawn);
      drawn += Math.min(room, wanted.length);
      if (wanted.length || folded.length) {
        rows.push(...sectionOf(group, section, wanted.slice(0, room), folded, shown, redraw));
      }
    }
    if (rows.length) {
      const columns = shown.length * data.kernels.length + 1;
      const head = make("th", { colspan: columns, scope: "rowgroup" }, make("div", {}, group.name));
      bodies.push(make("tbody", {}, make("tr", { class: "group" }, head), ...rows));
    }
  }
  const all = data.groups.flatMap((group) => group.sections).reduce((sum, { rows }) => sum + rows.length, 0);
  element("found").textContent = isFiltered
    ? `${found} of ${all} rules.`
    : data.kernels.length
      ? `${all} rules; ${found} differ between kernels and are shown, the others are folded.`
      : `${all} rules.`;
  if (drawn < found) {
    const more = make("button", { type: "button" }, `draw all ${found}`);
    more.addEventListener("click", () => {
      drawsAll = true;
      redraw();
    });
    element("found").append(` The first ${drawn} are drawn. `, more);
  }
  const table = make("table", {}, make("caption", { class: "hidden" }, "Rules and kernels"), headOf(shown), ...bodies);
  element("table").replaceChildren(
    make("div", { class: "grid", role: "region", tabindex: "0", "aria-label": "Matrix" }, table),
  );
  for (const [id, name] of [
    ["search", "q"],
    ["pattern", "show"],
    ["privilege", "as"],
  ]) {
    const field = element(id);
    if (field && field.value !== chosen[name]) field.value = chosen[name];
  }
}

/** Puts the choices of the form into the address, which draws the matrix. */
function filter() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(element("filter"))) {
    if (value) query.set(name, value);
  }
  drawsAll = false;
  history.replaceState(null, "", query.size ? `#matrix?${query}` : "#matrix");
  drawMatrix(query);
}

/** Arrow keys go from cell to cell, so that the tabulator need not. */
function moveInTable(event) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const step = steps[event.key];
  const from = event.target.closest("td, th");
  if (!step || !from || event.target.tagName !== "A") return;
  let row = from.parentElement;
  let place = [...row.cells].indexOf(from) + step[1];
  if (step[0]) {
    const rows = [...row.closest("table").rows];
    const others = step[0] > 0 ? rows.slice(row.rowIndex + 1) : rows.slice(0, row.rowIndex).reverse();
    row = others.find((other) => other.querySelector("td a"));
    place = from.cellIndex;
  }
  const link = row?.cells[place]?.querySelector("a");
  if (link) {
    link.focus();
    event.preventDefault();
  }
}

// --- One case -------------------------------------------------------------------------------------

async function showCase(id, kernel, privilege) {
  const cases = await unpack(id.split(".")[0]);
  const view = element("view-case");
  if (Object.hasOwn(cases, id)) {
    view.innerHTML = cases[id];
  } else {
    view.replaceChildren(make("h2", { tabindex: "-1" }, "No such case"), make("p", {}, `This page has no case ${id}.`));
  }
  const place = data.privileges.indexOf(privilege) * data.kernels.length + data.kernels.indexOf(kernel);
  if (kernel !== undefined) {
    const row = view.querySelector(`tr[data-runs~="${place}"]`);
    row?.classList.add("chosen");
  }
}

// --- Views ----------------------------------------------------------------------------------------

const views = { overview: "Overview", matrix: "Matrix", coverage: "Coverage", editions: "Editions", case: "Case" };
let isFirst = true;

/** Shows the view that the address names. */
async function route() {
  const [path, query] = location.hash.slice(1).split("?");
  const [name, ...rest] = path.split("/").map(decodeURIComponent);
  const view = Object.hasOwn(views, name) ? name : "overview";
  if (view === "case") await showCase(...rest);
  if (view === "matrix") drawMatrix(query);
  const section = element(`view-${view}`);
  if (!section.hasChildNodes()) section.innerHTML = (await unpack("views"))[view];
  for (const other of Object.keys(views)) element(`view-${other}`).hidden = other !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = view === "overview" ? title : `${view === "case" ? rest[0] : views[view]} – ${title}`;
  const isCell = view === "case" && rest.length > 1;
  if (!isFirst) section.querySelector("h2")?.focus({ preventScroll: isCell });
  if (isCell) document.querySelector("tr.chosen")?.scrollIntoView({ block: "center" });
  else window.scrollTo(0, 0);
  isFirst = false;
}

element("filter").addEventListener("input", filter);
element("filter").addEventListener("submit", (event) => event.preventDefault());
element("table").addEventListener("keydown", moveInTable);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  element("main").focus();
});
window.addEventListener("hashchange", route);
window.addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("section:not([hidden]) details")) folded.open = true;
});
route();
