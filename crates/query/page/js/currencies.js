// Decimals of currencies by ISO 4217: those that have not two. A test holds this to the table of
// the services. Browsers bring other figures (of HUF, IDR or IQD), by custom and not by the standard.

const OTHERS = {
  0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
  3: "BHD IQD JOD KWD LYD OMR TND",
  4: "CLF UYW",
};

const DECIMALS = new Map(Object.entries(OTHERS).flatMap(
  ([decimals, codes]) => codes.split(" ").map((code) => [code, Number(decimals)])));

/** How many decimals the amounts of a currency have. */
export const decimalsOf = (currency) => DECIMALS.get(currency) ?? 2;
