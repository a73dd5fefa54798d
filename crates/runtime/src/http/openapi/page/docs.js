// Lists the operations of /openapi.json and sends what is filled in.
'use strict';

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

// An example of a schema: what a body looks like before anybody has changed it.
const example = (schema) => {
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return example(schema.anyOf[0]);
  const type = [].concat(schema.type)[0];
  if (type === 'object') {
    const required = schema.required || [];
    const members = Object.entries(schema.properties || {});
    return Object.fromEntries(
      members.filter(([name]) => required.includes(name)).map(([name, one]) => [name, example(one)]));
  }
  if (type === 'array') return [example(schema.items || {})];
  if (type === 'integer' || type === 'number') return schema.minimum || 1;
  if (type === 'boolean') return false;
  return (schema.examples || [''])[0];
};

const field = (parameter) => {
  const input = make('input', { name: parameter.name, required: parameter.required });
  input.dataset.in = parameter.in;
  input.placeholder = parameter.schema.enum ? parameter.schema.enum.join(' | ') : '';
  input.title = parameter.description || '';
  return make('label', { title: input.title }, `${parameter.name} (${parameter.in})`, input);
};

const request = (form, method, path) => {
  const headers = {};
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll('input')) {
    if (input.value === '') continue;
    if (input.dataset.in === 'path') path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    if (input.dataset.in === 'query') query.set(input.name, input.value);
    if (input.dataset.in === 'header') headers[input.name] = input.value;
  }
  const token = document.getElementById('token').value.trim();
  if (token) headers.Authorization = `Bearer ${token}`;
  const body = form.querySelector('textarea')?.value;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  return [path + (query.size ? `?${query}` : ''), { method: method.toUpperCase(), headers, body }];
};

const show = async (output, url, options) => {
  output.hidden = false;
  output.textContent = '…';
  try {
    const began = performance.now();
    const response = await fetch(url, options);
    const text = await response.text();
    const took = (performance.now() - began).toFixed(1);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    let body = text;
    try { body = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Not JSON: as it came. */ }
    output.textContent = `${options.method} ${url}\n${response.status} in ${took} ms\n${headers}\n\n${body}`;
  } catch (error) {
    output.textContent = `${options.method} ${url}\nno answer: ${error.message}`;
  }
};

const operation = (path, method, described) => {
  const form = make('form');
  form.append(...described.parameters.map(field));
  const body = described.requestBody?.content['application/json'].schema;
  if (body) form.append(make('textarea', { value: JSON.stringify(example(body), null, 2), ariaLabel: 'body' }));
  const answers = Object.entries(described.responses).map(([status, answer]) =>
    make('tr', {}, make('td', {}, status), make('td', {}, answer.description)));
  const output = make('pre', { hidden: true });
  output.setAttribute('aria-live', 'polite');
  form.append(make('button', {}, 'Send'), output, make('table', {}, ...answers));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    show(output, ...request(form, method, path));
  });
  const name = make('span', { className: `method ${method}` }, method.toUpperCase());
  const summary = make('summary', {}, name, make('code', {}, path), ' ', make('small', {}, described.summary));
  return make('details', {}, summary, form);
};

const start = async () => {
  const api = await (await fetch('/openapi.json')).json();
  document.title = `${api.info.title}: API`;
  document.getElementById('title').textContent = api.info.title;
  document.getElementById('description').textContent = api.info.description;
  const list = document.getElementById('operations');
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, described] of Object.entries(methods)) list.append(operation(path, method, described));
  }
};

start();
