//! Makes sure that there is something to embed: when the UI has not been built, a page that says
//! how to build it.

use std::path::Path;

const PAGE: &str = "<!doctype html>
<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Bursar</title></head>
<body><h1>The UI is not built</h1>
<p>This program was compiled without its user interface. Run <code>npm ci</code> and <code>npm run build</code> in the
folder <code>web</code>, or <code>cargo xtask demo</code>, and compile again. The API works as it is.</p></body></html>
";

fn main() -> std::io::Result<()> {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    if !dist.join("index.html").exists() {
        std::fs::create_dir_all(&dist)?;
        std::fs::write(dist.join("index.html"), PAGE)?;
    }
    println!("cargo::rerun-if-changed={}", dist.display());
    Ok(())
}
