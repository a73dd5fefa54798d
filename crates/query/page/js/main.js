// Puts the page together: every part starts by itself and paints what it is sent.
import { startConnection, whenBack } from "./connection.js";
import { startCounting } from "./counters.js";
import { startFoot } from "./foot.js";
import { startGraph } from "./graph/panel.js";
import { startKeys } from "./keys.js";
import { startNotice } from "./notice.js";
import { startFigures } from "./panels/figures.js";
import { startHealth } from "./panels/health.js";
import { startLatencies } from "./panels/latencies.js";
import { startLeaders } from "./panels/leaders.js";
import { startNewest } from "./panels/newest.js";
import { startSales } from "./panels/sales.js";
import { startStuck } from "./panels/stuck.js";
import { route, startRouter } from "./router.js";
import { startSearch } from "./search.js";
import { signedIn } from "./session.js";
import { showCustomer } from "./sheet/customer.js";
import { showOrder } from "./sheet/order.js";
import { showProduct } from "./sheet/product.js";
import { hideSheet, refreshSheet, startSheet } from "./sheet/sheet.js";
import { watch } from "./store.js";
import { startTheme } from "./theme.js";

/** An open order that is not settled looks again as often. */
const REFRESH_MS = 900;

function startRefreshing() {
  let last = 0;
  watch(["at"], () => {
    if (Date.now() - last < REFRESH_MS) return;
    last = Date.now();
    refreshSheet();
  });
  whenBack(refreshSheet);
}

startTheme();
await signedIn();
startCounting();
for (const start of [startNotice, startFigures, startSales, startLatencies, startStuck, startNewest, startHealth, startLeaders, startFoot]) start();
startKeys();
startSearch();
startSheet();
startRefreshing();
startConnection();
// The lanes of an order are coloured by the choreography.
await startGraph();
route(/^\/orders\/(.+)$/, (id) => `Order ${id}`, showOrder);
route(/^\/customers\/(.+)$/, (id) => `Customer ${id}`, showCustomer);
route(/^\/products\/(.+)$/, (sku) => `Product ${sku}`, showProduct);
route(/^\/$/, () => "", hideSheet);
startRouter();
