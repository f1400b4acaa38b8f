// Runs after MathJax's own files in the app's script engine. Makes farcellTypeset(tex, display):
// the formula as SVG text, or a thrown Error with TeX's message. No browser, no network: MathJax'
// lite DOM stands in for a document. The `globalThis` and the empty loader list come from C++.
var farcellTypeset = (function () {
    var parts = MathJax._;
    var adaptor = parts.adaptors.liteAdaptor.liteAdaptor();
    parts.handlers.html_ts.RegisterHTMLHandler(adaptor);
    // Neither "html" nor "action": formulas need no links, and get none.
    var packages = ["base", "ams", "amscd", "bbox", "boldsymbol", "braket", "bussproofs", "cancel",
        "cases", "centernot", "color", "colortbl", "configmacros", "empheq", "enclose", "extpfeil",
        "gensymb", "mathtools", "mhchem", "newcommand", "noundefined", "textcomp", "unicode",
        "upgreek", "verb"];
    function newDocument() {
        var tex = new parts.input.tex_ts.TeX({
            packages: packages,
            tags: "none",
            maxBuffer: 64 * 1024,
            formatError: function (jax, error) { throw error; }
        });
        var svg = new parts.output.svg_ts.SVG({fontCache: "none"});
        return parts.mathjax.mathjax.document("", {InputJax: tex, OutputJax: svg});
    }
    return function (tex, display) {
        // A fresh document each time: macros and tags of one formula must not leak into another.
        var node = newDocument().convert(tex, {
            display: display, em: 16, ex: 8, containerWidth: 80 * 16
        });
        return adaptor.innerHTML(node);
    };
})();
