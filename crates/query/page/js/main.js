// Puts the page together: every part starts by itself and paints what it is sent.
import { startConnection, whenBack } from "./connection.js";
import { startCounting } from "./counters.js";
import { startFoot } from "./foot.js";
import { startGraph } from "./graph/panel.js";
import { startKeys } from "./keys.js";
import { startNotice } from "./notice.js";
import { listForm } from "./actions/products.js";
import { placeForm } from "./actions/orders.js";
import { registerForm } from "./actions/customers.js";
import { startOwners } from "./actions/owners.js";
import { startOperation } from "./operation.js";
import { startFigures } from "./panels/figures.js";
import { startHealth } from "./panels/health.js";
import { startLatencies } from "./panels/latencies.js";
import { startLeaders } from "./panels/leaders.js";
import { startNewest } from "./panels/newest.js";
import { startOperationPanel } from "./panels/operation.js";
import { startReasons } from "./panels/reasons.js";
import { startSales } from "./panels/sales.js";
import { startStuck } from "./panels/stuck.js";
import { route, startRouter } from "./router.js";
import { startSearch } from "./search.js";
import { signedIn } from "./session.js";
import { showAudit } from "./sheet/audit.js";
import { showCustomer } from "./sheet/customer.js";
import { showForm } from "./sheet/new.js";
import { showOrder } from "./sheet/order.js";
import { showOrders } from "./sheet/orders.js";
import { showLog, showProcesses } from "./sheet/processes.js";
import { showProduct } from "./sheet/product.js";
import { showReadModel } from "./sheet/read-model.js";
import { hideSheet, refreshSheet, startSheet } from "./sheet/sheet.js";
import { startSpan } from "./span.js";
import { watch } from "./store.js";
import { startTheme } from "./theme.js";
import { startWays } from "./ways.js";

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
await startOwners();
startCounting();
for (const start of [startWays, startNotice, startFigures, startSales, startReasons, startSpan, startLatencies, startStuck, startNewest, startHealth, startOperationPanel, startOperation, startLeaders, startFoot]) start();
startKeys();
startSearch();
startSheet();
startRefreshing();
startConnection();
// The lanes of an order are coloured by the choreography.
await startGraph();
route(/^\/orders(?:\?.*)?$/, () => "Orders", showOrders);
route(/^\/new\/order$/, () => "Place an order", () => showForm("New order", "order", "write", () => placeForm()));
route(/^\/new\/customer$/, () => "Register a customer", () => showForm("New customer", "customer", "price", registerForm));
route(/^\/new\/product$/, () => "List a product", () => showForm("New product", "product", "price", listForm));
route(/^\/processes$/, () => "Processes", showProcesses);
route(/^\/logs\/(.+)$/, (process) => `Log of ${process}`, showLog);
route(/^\/read-model$/, () => "Read model", showReadModel);
route(/^\/audit$/, () => "Last audit", showAudit);
route(/^\/orders\/(.+)$/, (id) => `Order ${id}`, showOrder);
route(/^\/customers\/(.+)$/, (id) => `Customer ${id}`, showCustomer);
route(/^\/products\/(.+)$/, (sku) => `Product ${sku}`, showProduct);
route(/^\/$/, () => "", hideSheet);
startRouter();
