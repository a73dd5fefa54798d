// Shows the API that is chosen; its name stands behind # in the address.
'use strict';

const start = async () => {
  const apis = await (await fetch('/docs/apis')).json();
  const chooser = document.getElementById('chooser');
  chooser.append(...apis.map((api) => new Option(api.name)));
  const chosen = () => apis.find((api) => api.name === location.hash.slice(1)) ?? apis[0];
  const address = (api) => `${api.origin}/openapi.json`;
  const name = (api) => {
    document.title = `${api.name}: API`;
    document.getElementById('document').href = address(api);
    chooser.value = api.name;
  };
  name(chosen());
  const ui = SwaggerUIBundle({
    domNode: document.getElementById('api'),
    url: address(chosen()),
    // Whoever has signed in at the live page needs no token here.
    withCredentials: true,
    tryItOutEnabled: true,
    displayRequestDuration: true,
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
  });
  chooser.addEventListener('change', () => { location.hash = chooser.value; });
  addEventListener('hashchange', () => {
    name(chosen());
    ui.specActions.updateUrl(address(chosen()));
    ui.specActions.download(address(chosen()));
  });
};

start();
