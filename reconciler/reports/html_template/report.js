// Search, filters and sorting. The page is complete without this: everything here only hides, marks and reorders.
// It stands at the start of the list: a long list can be searched from the first paint on, while it still arrives.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const bar = document.querySelector(".filters");
  const list = byId("items"), search = byId("q"), sort = byId("sort"), compact = byId("compact");
  const shown = byId("shown"), reset = byId("reset"), nothing = byId("nothing");
  const selects = [...bar.querySelectorAll("select[data-facet]")];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const arriving = () => document.readyState === "loading";
  const texts = new Map();
  let items = [], marked = [];

  // The items in the order of the page, after this script. The last one may be half there while they arrive.
  const gather = () => { items = [...list.children].slice(1, arriving() ? -1 : undefined); };

  // What is searched: all that an item says, but not its column headings.
  // Amounts are found with and without the blanks between their thousands.
  const read = (item) => {
    const text = item.textContent.replace(item.querySelector("thead")?.textContent ?? "", " ").toLowerCase();
    return `${text} ${text.replace(/(\d) (?=\d{3})/g, "$1")}`;
  };
  const textOf = (item) => texts.get(item) ?? texts.set(item, read(item)).get(item);

  const has = (element, key, value) => ` ${element.dataset[key] ?? ""} `.includes(` ${value} `);
  const hits = (item, wanted) =>
    [...item.querySelectorAll("tbody tr")].filter((row) => wanted.every(([key, value]) => has(row, key, value)));

  const filter = () => {
    if (arriving()) gather();
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects.filter((each) => each.value !== "");
    const pairs = (ofRows) => chosen.filter((each) => ("rows" in each.dataset) === ofRows).map((each) => [each.dataset.facet, each.value]);
    const ofItem = pairs(false), ofRow = pairs(true);
    let count = 0;
    for (const row of marked) row.classList.remove("hit");
    marked = [];
    for (const item of items) {
      let on = ofItem.every(([key, value]) => has(item, key, value));
      if (on && words.length) on = words.every((word) => textOf(item).includes(word));
      if (on && ofRow.length) {
        const found = hits(item, ofRow);
        for (const row of found) row.classList.add("hit");
        marked.push(...found);
        on = found.length > 0;
      }
      item.classList.toggle("off", !on);
      count += on;
    }
    const partial = arriving() && words.length + chosen.length > 0, all = count === items.length && !partial;
    const total = Number(shown.dataset.total), noun = total === 1 ? shown.dataset.one : shown.dataset.many;
    const ofTotal = `${total.toLocaleString("en")} ${noun}${partial ? " so far" : ""}`;
    shown.textContent = all ? ofTotal : `${count.toLocaleString("en")} of ${ofTotal}`;
    nothing.hidden = count > 0 || partial;
    reset.hidden = all;
  };

  const order = () => {
    const by = sort.value;
    const text = (item) => item.querySelector(by)?.textContent ?? "";
    let sorted = items;
    if (by.startsWith(".")) {
      const keys = new Map(items.map((item) => [item, text(item)]));
      sorted = [...items].sort((one, other) => collator.compare(keys.get(one), keys.get(other)));
    } else if (by === "listed") {
      sorted = [...items].sort((one, other) => one.id.slice(1) - other.id.slice(1));
    } else if (by) {
      sorted = [...items].sort((one, other) => other.dataset[by] - one.dataset[by]);
    }
    list.append(...sorted);
  };

  const clear = () => {
    search.value = "";
    for (const each of selects) each.value = "";
    filter();
  };

  // A link to a customer that is filtered away shows it.
  const reveal = () => {
    const target = location.hash && byId(location.hash.slice(1));
    if (!target?.classList.contains("off")) return;
    clear();
    target.scrollIntoView();
  };

  // What was asked before the page was there: while it arrives, or before a reload, over which the browser kept it.
  const refresh = () => { if (search.value || selects.some((each) => each.value)) filter(); };
  const arrivals = new MutationObserver(refresh);

  bar.addEventListener("input", (event) => {
    if (event.target === sort) arriving() || order();
    else if (event.target === compact) list.classList.toggle("compact", compact.checked);
    else filter();
  });
  reset.addEventListener("click", () => { clear(); search.focus(); });
  addEventListener("hashchange", reveal);
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === "Escape" && event.target === search) clear();
  });

  arrivals.observe(list, { childList: true });
  addEventListener("DOMContentLoaded", () => {
    arrivals.disconnect();
    gather();
    refresh();
    if (sort.value) order();
    (globalThis.requestIdleCallback ?? setTimeout)(() => items.forEach(textOf));
  });
  bar.hidden = false;
})();
