// What the tests ask of a page in the browser. Colours are lists [red, green, blue, alpha].

function openAll() {
  document.querySelectorAll("details").forEach((d) => (d.open = true));
}

function parse(colour) {
  const hex = colour.match(/^#(..)(..)(..)$/);
  if (hex) return [...hex.slice(1).map((x) => parseInt(x, 16)), 1];
  const [r, g, b, a = 1] = (colour.match(/[\d.]+/g) || []).map(Number);
  return [r, g, b, a];
}

function over(above, below) {
  return [0, 1, 2].map((i) => above[i] * above[3] + below[i] * (1 - above[3])).concat(1);
}

// WCAG 2.2: relative luminance and contrast ratio
function luminance(colour) {
  const [r, g, b] = colour.slice(0, 3).map((x) => {
    x /= 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function ratio(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function behind(element) {
  const layers = [];
  for (; element; element = element.parentElement) layers.push(parse(getComputedStyle(element).backgroundColor));
  return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
}

// How many texts there are, and those whose contrast is below that of 1.4.3, level AA.
function contrast() {
  openAll();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const wrong = [];
  let seen = 0;
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim();
    const element = walk.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const back = behind(element);
    const ink = over(parse(element instanceof SVGElement ? style.fill : style.color), back);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    seen += 1;
    if (ratio(ink, back) < (large ? 3 : 4.5)) wrong.push([text.slice(0, 40), ink, back]);
  }
  return [seen, wrong];
}

// Contrast of pairs of variables of the style sheet.
function pairs(names) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => parse(style.getPropertyValue("--" + name).trim());
  return names.map(([a, b]) => ratio(colour(a), colour(b)));
}

// By how much the page is too wide, and what sticks out of it.
function overflow() {
  openAll();
  const meant = ".scroll, .scroll *, pre *, .skip, .visually-hidden";
  const wide = [...document.querySelectorAll("body *")]
    .filter((e) => !e.matches(meant) && e.getBoundingClientRect().right > innerWidth + 1)
    .map((e) => `${e.tagName}.${e.getAttribute("class")}`);
  return [document.documentElement.scrollWidth - innerWidth, wide.slice(0, 5)];
}

// What a hostile text could have made: things that run or load, and handlers.
function strangers() {
  const bad = "script, img, iframe, evil-tag, object, embed, form, base";
  const handlers = (e) => e.getAttributeNames().filter((name) => name.startsWith("on"));
  const links = [...document.querySelectorAll("[href], [src], [action]")].map((e) => e.getAttribute("href"));
  return [
    ...[...document.querySelectorAll(bad)].map((e) => e.tagName),
    ...[...document.querySelectorAll("*")].flatMap(handlers),
    ...links.filter((link) => !link || !(link.startsWith("#") || link === "data:,")),
    ...(window.owned === undefined ? [] : ["window.owned"]),
  ];
}

// Of a page in print: the background, how links to parts are shown, and the height of what is folded on the screen.
function paper() {
  const inside = document.querySelector("details:not([open]) > .more");
  return [
    getComputedStyle(document.body).backgroundColor,
    getComputedStyle(document.querySelector("nav")).display,
    inside.checkVisibility() ? inside.getBoundingClientRect().height : 0,
  ];
}
