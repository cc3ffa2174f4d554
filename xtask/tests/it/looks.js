(width, scheme) => {
  const problems = [];
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
  };
  const name = (element) => element.outerHTML.slice(0, 80);

  // Structure.
  if (document.documentElement.lang !== "en") problems.push("the page has no language");
  if (document.querySelectorAll("h1").length !== 1) problems.push("the page does not have one heading");
  if (document.querySelectorAll("main").length !== 1) problems.push("the page does not have one main part");
  if (!document.title) problems.push("the page has no title");
  if (document.scripts.length) problems.push("the page has a script");
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  if (new Set(ids).size !== ids.length) problems.push("two elements have one id");
  for (const element of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
    for (const list of [element.getAttribute("aria-describedby"), element.getAttribute("aria-labelledby")]) {
      for (const id of (list ?? "").split(" ").filter(Boolean)) {
        if (!document.getElementById(id)) problems.push(`${name(element)} refers to #${id}, which does not exist`);
      }
    }
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length || !field.labels[0].textContent.trim()) problems.push(`${name(field)} has no label`);
  }
  for (const control of document.querySelectorAll("a, button")) {
    if (!control.textContent.trim()) problems.push(`${name(control)} has no text`);
  }

  // Width. On a phone, a page that is too wide makes the window wider, so `innerWidth` says nothing.
  const total = document.scrollingElement.scrollWidth;
  if (total > width) problems.push(`the page is ${total} wide`);
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (shown(element) && (box.right > width + 0.5 || box.left < -0.5)) {
      problems.push(`${name(element)} ends at ${Math.round(box.right)}`);
    }
    if (element.matches("button, input, select") && shown(element) && !element.matches("[type=checkbox]") && box.height < 24) {
      problems.push(`${name(element)} is only ${box.height} high`);
    }
  }

  // Contrast.
  const parse = (color) => {
    const parts = color.match(/[\d.]+/g).map(Number);
    return parts.length < 4 ? [...parts, 1] : parts;
  };
  const over = ([r, g, b, a], below) => [r, g, b].map((part, index) => part * a + below[index] * (1 - a));
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, layer) => over(layer, below), scheme === "dark" ? [0, 0, 0] : [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [high, low] = [light(one), light(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const isDark = light(behind(document.body)) < 0.2;
  if (isDark !== (scheme === "dark")) problems.push(`the background is not ${scheme}`);
  const texts = new Set(document.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), select"));
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (walker.currentNode.textContent.trim() && shown(parent)) texts.add(parent);
  }
  for (const element of texts) {
    const back = behind(element);
    const ratio = contrast(over(parse(getComputedStyle(element).color), back), back);
    if (ratio < 4.5) problems.push(`${name(element)} has contrast ${ratio.toFixed(2)}`);
  }
  for (const field of document.querySelectorAll("input:not([type=hidden]):not([type=checkbox]), select")) {
    const ratio = contrast(parse(getComputedStyle(field).borderTopColor).slice(0, 3), behind(field.parentElement));
    if (ratio < 3) problems.push(`the border of ${name(field)} has contrast ${ratio.toFixed(2)}`);
  }

  // Focus.
  const had = document.activeElement;
  for (const element of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, [tabindex]")) {
    element.focus({ preventScroll: true });
    const style = getComputedStyle(element);
    const ratio = contrast(parse(style.outlineColor).slice(0, 3), behind(element.parentElement));
    if (document.activeElement !== element) problems.push(`${name(element)} cannot have the focus`);
    else if (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2 || ratio < 3) {
      problems.push(`the focus on ${name(element)} cannot be seen`);
    }
  }
  had?.focus?.({ preventScroll: true });
  return problems;
}
