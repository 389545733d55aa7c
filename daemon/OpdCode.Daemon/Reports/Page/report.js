// Starts the page: reads the embedded data and fills every part.

const data = JSON.parse(byId("data").textContent);
byId("data").remove();
showSummary(data);
showAnswers(data);
startRollouts(data);
const redrawCharts = startCharts(data);

byId("theme").addEventListener("change", (event) => {
  if (event.target.value === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = event.target.value;
  redrawCharts(); // a canvas does not follow style sheets
});
for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) {
  matchMedia(query).addEventListener("change", redrawCharts);
}
