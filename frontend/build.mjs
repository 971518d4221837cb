/** Bundle each widget into one module and one style sheet beside it. */
import { context } from "esbuild";

const widgets = [
  "latent_scatter",
  "reconstruction_view",
  "network_drawing",
  "label_field",
  "style_sheet",
  "tips",
];

const build = await context({
  entryPoints: widgets.map((name) => `src/widgets/${name}.ts`),
  outdir: "../ae_widgets/static",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "info",
});

if (process.argv.includes("--watch")) {
  await build.watch();
} else {
  await build.rebuild();
  await build.dispose();
}
