// Draws /api/openapi.json. Everything from the document is put in as text, never as markup.
"use strict";

(() => {
  const root = document.getElementById("reference");
  const status = document.getElementById("reference-status");
  const SECTIONS = { applications: "申请 Applications", operations: "运行 Operations" };
  const PLACES = { path: "路径", query: "查询", header: "请求头" };

  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  const nameOf = (reference) => reference.split("/").pop();

  const link = (name) => make("a", { href: `#schema-${name}` }, name);

  // A schema as a short phrase; models are links to their own entry.
  const phrase = (schema) => {
    if (!schema) return ["—"];
    if (schema.$ref) return [link(nameOf(schema.$ref))];
    const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
    if (choices) return choices.flatMap((choice, index) => (index ? [" 或 ", ...phrase(choice)] : phrase(choice)));
    if (schema.const !== undefined) return [JSON.stringify(schema.const)];
    if (schema.enum) return [schema.enum.map((value) => JSON.stringify(value)).join(" | ")];
    if (schema.type === "array" && schema.prefixItems) return [`[${schema.prefixItems.length} 项]`];
    if (schema.type === "array") return [...phrase(schema.items), " 列表"];
    if (schema.type === "object" && schema.additionalProperties?.constructor === Object) {
      return ["对象,值为 ", ...phrase(schema.additionalProperties)];
    }
    return [schema.format ? `${schema.type}(${schema.format})` : (schema.type ?? "任意")];
  };

  const bounds = (schema) => {
    const all = [schema, ...(schema.anyOf ?? [])];
    const say = (key, text) => all.map((one) => one[key]).filter((value) => value !== undefined).map((value) => `${text} ${value}`);
    return [
      ...say("minimum", "最小"), ...say("maximum", "最大"), ...say("maxLength", "最长"), ...say("pattern", "格式"),
      ...(schema.default === undefined || schema.default === null ? [] : [`默认 ${JSON.stringify(schema.default)}`]),
    ].join(",");
  };

  // `code` in backquotes, one error a line.
  const lines = (text) => (text ?? "").split("\n").map((line) => make("span", { class: "line" },
    ...line.split(/(`[^`]+`)/).filter(Boolean).map((piece) => (piece.startsWith("`") ? make("code", {}, piece.slice(1, -1)) : piece))));

  const explained = (description, schema) => lines([description, bounds(schema)].filter(Boolean).join("\n"));

  const table = (caption, heads, rows) =>
    make("div", { class: "scroll" },
      make("table", { class: "table" },
        make("caption", { class: "unseen" }, caption),
        make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
        make("tbody", {}, ...rows.map(([first, ...rest]) =>
          make("tr", {}, make("th", { scope: "row" }, ...first), ...rest.map((cell) => make("td", {}, ...cell)))))));

  const properties = (schema, caption) => {
    const required = new Set(schema.required ?? []);
    const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => [
      [make("code", {}, name)],
      phrase(property),
      [required.has(name) ? "必填" : "可省"],
      explained(property.description, property),
    ]);
    return table(caption, ["名称", "类型", "必填", "说明"], rows);
  };

  const part = (title, ...children) => make("div", {}, make("h4", {}, title), ...children);

  const parameters = (operation) =>
    operation.parameters?.length
      ? part("参数", table("参数", ["名称", "位置", "类型", "必填", "说明"], operation.parameters.map((one) => [
          [make("code", {}, one.name)], [PLACES[one.in] ?? one.in], phrase(one.schema),
          [one.required ? "必填" : "可省"], explained(one.description, one.schema),
        ])))
      : null;

  const body = (operation) => {
    const entries = Object.entries(operation.requestBody?.content ?? {});
    if (!entries.length) return null;
    return part("请求内容", ...entries.map(([type, { schema }]) =>
      make("div", {}, make("p", {}, make("code", {}, type), " ", ...(schema.properties ? [] : phrase(schema))),
        schema.properties ? properties(schema, "请求内容") : null)));
  };

  const responses = (operation) =>
    part("应答", table("应答", ["状态", "内容", "说明"], Object.entries(operation.responses).map(([code, answer]) => {
      const [type, media] = Object.entries(answer.content ?? {})[0] ?? [];
      const what = media?.schema && Object.keys(media.schema).length ? phrase(media.schema) : [type ?? "—"];
      return [[make("code", {}, code)], what, lines(answer.description)];
    })));

  const operationOf = (path, method, operation) => {
    const roles = operation["x-roles"] ?? [];
    return make("details", { class: "card operation", id: operation.operationId },
      make("summary", {},
        make("span", { class: `method method-${method}` }, method.toUpperCase()),
        make("span", { class: "path" }, path),
        make("span", { class: "operation-title" }, operation.summary ?? "")),
      make("div", { class: "operation-body" },
        make("p", {}, ...lines(operation.description)),
        make("p", { class: "hint" }, roles.length ? `角色:${roles.join("、")}` : "不需要令牌"),
        parameters(operation), body(operation), responses(operation)));
  };

  const schemaOf = (name, schema) =>
    make("details", { class: "card schema", id: `schema-${name}` },
      make("summary", {}, make("code", {}, name)),
      schema.description ? make("p", { class: "hint" }, ...lines(schema.description)) : null,
      schema.enum ? make("pre", {}, schema.enum.join("\n")) : properties(schema, name));

  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  };

  const draw = (api) => {
    const sections = new Map();
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        const tag = operation.tags?.[0] ?? "operations";
        if (!sections.has(tag)) sections.set(tag, [make("h2", {}, SECTIONS[tag] ?? tag)]);
        sections.get(tag).push(operationOf(path, method, operation));
      }
    }
    const schemas = Object.entries(api.components.schemas).map(([name, schema]) => schemaOf(name, schema));
    root.replaceChildren(...[...sections.values()].flat(), make("h2", {}, "结构 Schemas"), ...schemas);
    openTarget();
  };

  status.textContent = "正在读取 openapi.json…";
  fetch(root.dataset.source)
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`status ${answer.status}`))))
    .then(draw)
    .catch((error) => {
      status.textContent = "未能读取 openapi.json,请稍后重新打开此页。";
      console.error(error);
    });
  addEventListener("hashchange", openTarget);
})();
