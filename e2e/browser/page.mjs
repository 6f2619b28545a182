// Rules for every page of the console: nothing moves by itself, nothing is wider than the screen, and people who do not
// see it or have no mouse can use it.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { check } from "./chromium.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DESK = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** The sizes and colours in which each page is looked at. */
export const LOOKS = {
  light: { ...DESK, colorScheme: "light" },
  dark: { ...DESK, colorScheme: "dark" },
  phone: { ...PHONE, colorScheme: "light" },
  "phone-dark": { ...PHONE, colorScheme: "dark" },
};

const GRAVE = new Set(["serious", "critical"]);

/** To be called before the page is opened. */
export async function watchShifts(page) {
  await page.addInitScript(() => {
    window.shifts = [];
    const note = (list) => {
      for (const { hadRecentInput, value, sources } of list.getEntries()) {
        const what = sources.map(({ node }) => node?.className || node?.textContent?.slice(0, 60)).join(", ");
        if (!hadRecentInput) window.shifts.push({ value, what });
      }
    };
    new PerformanceObserver(note).observe({ type: "layout-shift", buffered: true });
  });
}

export async function isStill(page, what) {
  const shifts = await page.evaluate(() => window.shifts);
  check(`${what}: nothing has moved by itself`, shifts.length === 0, shifts);
}

/** `except` names rules that a package of others breaks by its structure. */
export async function isAccessible(page, what, except = []) {
  // Through the debugger, which the page's policy does not bind.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  const grave = violations.filter(({ id, impact }) => GRAVE.has(impact) && !except.includes(id));
  const found = grave.map(({ id, nodes }) => ({
    id,
    nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => [html, failureSummary]),
  }));
  check(`${what}: axe finds nothing serious`, grave.length === 0, found);
}

export async function fits(page, what) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  check(`${what}: does not scroll sideways`, wide <= 0, wide);
}

/** A touch target is at least 44 pixels high, except for links within text. */
export async function isTouchable(page, what) {
  const small = await page.evaluate(() => {
    const all = [
      ...document.querySelectorAll(
        "main button, nav a, .beside a, main .button, main input:not([type=checkbox]), main select",
      ),
    ];
    return all
      .filter((element) => element.checkVisibility())
      .map((element) => ({ text: element.textContent || element.id, height: element.getBoundingClientRect().height }))
      .filter(({ height }) => height < 43.5);
  });
  check(`${what}: what can be touched is large enough`, small.length === 0, small);
}
