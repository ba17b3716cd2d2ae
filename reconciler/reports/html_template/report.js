// Search, filters and sorting. The page is complete without this: everything here only hides, marks and reorders.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const bar = document.querySelector(".filters");
  if (!bar) return;
  const list = byId("items"), search = byId("q"), sort = byId("sort"), compact = byId("compact");
  const shown = byId("shown"), reset = byId("reset"), nothing = byId("nothing");
  const selects = [...bar.querySelectorAll("select[data-facet]")];
  const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const items = [...list.children];
  let texts = null;

  // What is searched: all that an item says, but not its column headings.
  const heads = [".rows:not(.new) thead", ".new thead"].map((each) => list.querySelector(each)?.textContent).filter(Boolean);
  const textOf = (item) => heads.reduce((text, head) => text.replace(head, " "), item.textContent).toLowerCase();
  const index = () => (texts ??= new Map(items.map((item) => [item, textOf(item)])));

  const has = (element, key, value) => ` ${element.dataset[key] ?? ""} `.includes(` ${value} `);
  const hits = (item, wanted) =>
    [...item.querySelectorAll("tbody tr")].filter((row) => wanted.every(([key, value]) => has(row, key, value)));

  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects.filter((each) => each.value !== "");
    const pairs = (ofRows) => chosen.filter((each) => ("rows" in each.dataset) === ofRows).map((each) => [each.dataset.facet, each.value]);
    const ofItem = pairs(false), ofRow = pairs(true);
    let count = 0;
    for (const row of list.querySelectorAll("tr.hit")) row.classList.remove("hit");
    for (const item of items) {
      let on = ofItem.every(([key, value]) => has(item, key, value));
      if (on && words.length) on = words.every((word) => index().get(item).includes(word));
      if (on && ofRow.length) {
        const found = hits(item, ofRow);
        for (const row of found) row.classList.add("hit");
        on = found.length > 0;
      }
      item.classList.toggle("off", !on);
      count += on;
    }
    const total = items.length.toLocaleString("en"), noun = items.length === 1 ? shown.dataset.one : shown.dataset.many;
    shown.textContent = count === items.length ? `${total} ${noun}` : `${count.toLocaleString("en")} of ${total} ${noun}`;
    nothing.hidden = count > 0;
    reset.hidden = count === items.length;
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

  bar.addEventListener("input", (event) => {
    if (event.target === sort) order();
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

  bar.hidden = false;
  (globalThis.requestIdleCallback ?? setTimeout)(index);
  if (search.value || selects.some((each) => each.value)) filter();  // the browser kept them over a reload
  if (sort.value) order();
})();
