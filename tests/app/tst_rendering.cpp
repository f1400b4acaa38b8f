#include "app/blocks/block.h"
#include "app/markdown/mathengine.h"
#include "app/outputs/mimechoice.h"
#include "app/outputs/nativeoutputarea.h"
#include "app/theme/theme.h"
#include "core/nbformat/notebookfile.h"
#include "core/notebook/search.h"
#include "tests/support/corpus.h"

#include <QElapsedTimer>
#include <QMenu>
#include <QMimeData>
#include <QPainter>
#include <QSignalSpy>
#include <QStandardPaths>
#include <QTest>

using namespace farcell;

// Blocks as a notebook uses them: which form is chosen, what text they show, that anything real
// or hostile lays out and paints.
class TestRendering : public QObject
{
    Q_OBJECT
private slots:
    void initTestCase();
    void mime_data();
    void mime();
    void markdownText_data();
    void markdownText();
    void anchors();
    void copiesSource();
    void formulas_data();
    void formulas();
    void brokenFormula();
    void streamGrows();
    void updateKeepsOthers();
    void hitsAreInTheirOutput();
    void macrosAreOfOneNotebook();
    void animationsMoveWhileSeen_data();
    void animationsMoveWhileSeen();
    void collapse();
    void longOutputIsClamped();
    void tableCopiesAsText();
    void corpus_data();
    void corpus();

private:
    static void paint(Block &block, qreal width);
    [[nodiscard]] std::unique_ptr<OutputArea> area(const std::vector<Output> &outputs) const;

    std::unique_ptr<ThemeSource> m_theme;
    std::unique_ptr<RenderService> m_service;
};

namespace {

Output stream(const QString &text, const QString &name = QStringLiteral("stdout"))
{
    Output output;
    output.kind = OutputKind::Stream;
    output.streamName = name;
    output.text = text;
    return output;
}

Output display(const std::vector<std::pair<QString, QString>> &data)
{
    Output output;
    output.kind = OutputKind::DisplayData;
    for (const auto &[mime, value] : data)
        output.data.set(mime, JsonText::fromString(value));
    return output;
}

} // namespace

// What was found in the second output is marked there, also below much that is not shown.
void TestRendering::hitsAreInTheirOutput()
{
    const QString log = QStringLiteral("a line\n").repeated(3LL * 20'000);
    const std::vector<Output> outputs{
        stream(QStringLiteral("one needle\ntwo\n")),
        stream(QStringLiteral("\x1b[31mred\x1b[0m needle\n"), QStringLiteral("stderr")),
        stream(QStringLiteral("needle\n") + log + QStringLiteral("the last needle\n"))};
    const auto made = area(outputs);
    made->layout(800);
    const auto hit = [&outputs](int output, qsizetype position) {
        const qsizetype size = searchableText(outputs[size_t(output)]).size();
        return OutputHit{output, int(position), 6, int(size - position)};
    };
    const qsizetype last = outputs[2].text.lastIndexOf(QLatin1String("needle"));
    made->setHits(outputs, {hit(0, 4), hit(1, 4), hit(2, 0), hit(2, last)}, 1);

    const QRectF first = made->highlightRect(0);
    const QRectF second = made->highlightRect(1);
    QVERIFY(!first.isNull() && !second.isNull());
    QVERIFY(second.top() > first.bottom() + 10); // two lines further down
    QVERIFY(made->highlightRect(2).isNull());    // that line is not shown
    QVERIFY(!made->highlightRect(3).isNull());
    paint(*made, 800);
}

void TestRendering::macrosAreOfOneNotebook()
{
    const QString macro = QStringLiteral(R"($\newcommand{\fooX}{x}$)");
    const QString use = QStringLiteral("$\\fooX$");
    const auto define = m_service->markdown(macro, {}, QStringLiteral("/tmp"), QStringLiteral("a"));
    define->layout(400);
    const auto known = m_service->markdown(use, {}, QStringLiteral("/tmp"), QStringLiteral("a"));
    const auto unknown = m_service->markdown(use, {}, QStringLiteral("/tmp"), QStringLiteral("b"));
    const auto picture = [](Block &block) {
        QImage image(400, 60, QImage::Format_RGB32);
        image.fill(Qt::white);
        block.layout(400);
        QPainter painter(&image);
        block.paint(painter, QRectF(0, 0, 400, 60));
        return image;
    };
    // Until they are typeset both show their source.
    QTRY_VERIFY_WITH_TIMEOUT(picture(*known) != picture(*unknown), 60'000);
}

void TestRendering::initTestCase()
{
    QStandardPaths::setTestModeEnabled(true); // the formula cache of the person is left alone
    m_theme = std::make_unique<ThemeSource>();
    m_service = std::make_unique<RenderService>(*m_theme);
}

void TestRendering::paint(Block &block, qreal width)
{
    const qreal height = block.layout(width);
    // The part a window would show, at both ends.
    QImage image(static_cast<int>(width), 800, QImage::Format_RGB32);
    for (const qreal top : {0.0, std::max(0.0, height - 800)}) {
        QPainter painter(&image);
        painter.translate(0, -top);
        block.paint(painter, QRectF(0, top, width, 800));
    }
}

std::unique_ptr<OutputArea> TestRendering::area(const std::vector<Output> &outputs) const
{
    auto made = m_service->outputs({});
    made->setOutputs(outputs);
    return made;
}

void TestRendering::mime_data()
{
    QTest::addColumn<QStringList>("bundle"); // mime, value, mime, value, …
    QTest::addColumn<QString>("expected");
    QTest::addColumn<bool>("fallback");

    const auto row = [](const char *name, const QStringList &bundle, const char *expected,
                        bool fallback) {
        QTest::newRow(name) << bundle << QString::fromLatin1(expected) << fallback;
    };
    const QString plain = QStringLiteral("text/plain");
    const QString html = QStringLiteral("text/html");
    const QString png = QStringLiteral("image/png");
    const QString x = QStringLiteral("x");
    row("plain only", {plain, x}, "text/plain", false);
    row("html before plain", {plain, x, html, QStringLiteral("<b>x</b>")}, "text/html", false);
    row("html before image", {png, x, html, QStringLiteral("<b>x</b>")}, "text/html", false);
    row("markdown before latex",
        {QStringLiteral("text/latex"), x, QStringLiteral("text/markdown"), x}, "text/markdown",
        false);
    row("svg before png", {png, x, QStringLiteral("image/svg+xml"), x}, "image/svg+xml", false);
    row("json first", {plain, x, QStringLiteral("application/json"), x}, "application/json", false);
    row("widget", {QStringLiteral("application/vnd.jupyter.widget-view+json"), x, plain, x},
        "text/plain", true);
    row("progress widget",
        {QStringLiteral("application/vnd.jupyter.widget-view+json"), x, plain,
         QStringLiteral("  0%|          | 0/5 [00:00<?, ?it/s]")},
        "text/plain", false);
    row("script without effect",
        {QStringLiteral("application/javascript"), QStringLiteral("console.log(1)"), plain, x}, "",
        false);
    row("plotly with image",
        {QStringLiteral("application/vnd.plotly.v1+json"), x, png, x, plain, x}, "image/png", true);
    row("html that is a script", {html, QStringLiteral("<div></div><script>x</script>"), plain, x},
        "text/plain", true);
    row("html with a script beside content",
        {html, QStringLiteral("<p>text</p><script>x</script>"), plain, x}, "text/html", false);
    row("frame", {html, QStringLiteral("<iframe src=x></iframe>"), plain, x}, "text/plain", true);
    row("javascript",
        {QStringLiteral("application/javascript"), QStringLiteral("element.append(1)"), plain, x},
        "text/plain", true);
    row("empty html", {html, QStringLiteral("<style>x</style>"), plain, x}, "text/plain", false);
    row("unknown json", {QStringLiteral("application/vnd.x+json"), x}, "application/vnd.x+json",
        false);
    row("unknown", {QStringLiteral("application/x-y"), x}, "", true);
    row("colab data beside html",
        {QStringLiteral("application/vnd.google.colaboratory.intrinsic+json"), x, html,
         QStringLiteral("<b>x</b>")},
        "text/html", false);
}

void TestRendering::mime()
{
    QFETCH(QStringList, bundle);
    QFETCH(QString, expected);
    QFETCH(bool, fallback);
    MimeBundle data;
    for (qsizetype i = 0; i + 1 < bundle.size(); i += 2)
        data.set(bundle[i], JsonText::fromString(bundle[i + 1]));

    const MimeChoice choice = chooseMime(data);

    QCOMPARE(choice.mime, expected);
    QCOMPARE(choice.fallback, fallback);
    QCOMPARE(!choice.note.isEmpty(), fallback);
}

void TestRendering::markdownText_data()
{
    QTest::addColumn<QString>("markdown");
    QTest::addColumn<QString>("expected");

    QTest::newRow("paragraphs") << "a\n\nb"
                                << "a\nb";
    QTest::newRow("soft break") << "a\nb"
                                << "a b";
    QTest::newRow("heading") << "# Title\ntext"
                             << "Title\ntext";
    QTest::newRow("list") << "- a\n- b\n  - c"
                          << "a\nb\nc";
    QTest::newRow("code") << "```python\nx = 1\ny = 2\n```"
                          << "x = 1\ny = 2";
    QTest::newRow("code with dollars") << "`$a$`"
                                       << "$a$";
    QTest::newRow("inline html") << "a<b>b</b><script>c</script>"
                                 << "abc";
    QTest::newRow("html block script") << "<script>\nc\n</script>\n\nd"
                                       << "d";
    QTest::newRow("strike and autolink") << "~~a~~ www.qt.io"
                                         << "a www.qt.io";
    QTest::newRow("remote image") << "![alt](https://a.b/c.png)"
                                  << "alt [image on a.b, not loaded]";
    QTest::newRow("entity") << "&lt;a&gt; &copy;"
                            << "<a> ©";
    QTest::newRow("reference to an equation") << "\\eqref{x}"
                                              << R"((???))";
}

void TestRendering::markdownText()
{
    QFETCH(QString, markdown);
    QFETCH(QString, expected);
    const auto block = m_service->markdown(markdown, {}, {});

    QCOMPARE(block->plainText(), expected);
    paint(*block, 400);
}

void TestRendering::anchors()
{
    const auto block = m_service->markdown(
        QStringLiteral("# First one\n\ntext\n\n## Second one\n\n<a id=\"here\"></a>x"), {}, {});
    block->layout(600);

    QVERIFY(block->anchorRect(QStringLiteral("Second-one")).top() >
            block->anchorRect(QStringLiteral("First-one")).top());
    QVERIFY(!block->anchorRect(QStringLiteral("here")).isNull());
    QVERIFY(block->anchorRect(QStringLiteral("nowhere")).isNull());
}

void TestRendering::copiesSource()
{
    const auto block =
        m_service->markdown(QStringLiteral("- a $x^2$\n- [x] done\n\n1. one"), {}, {});
    block->layout(600);
    block->selectAll();

    const std::unique_ptr<QMimeData> data(block->copySelection());

    QVERIFY(data);
    QCOMPARE(data->text(), QStringLiteral("• a $x^2$\n[x] done\n1. one"));
}

void TestRendering::formulas_data()
{
    QTest::addColumn<QString>("tex");

    QTest::newRow("integral") << R"(\int_{-\infty}^{\infty} e^{-x^2}\,dx = \sqrt{\pi})";
    QTest::newRow("matrix")
        << R"(\begin{pmatrix} a & \cdots & b \\ \vdots & \ddots & \vdots \\ c & \cdots & d \end{pmatrix})";
    QTest::newRow("cases")
        << R"(f(x)=\begin{cases} x^2 & x\ge 0 \\ -x & \text{otherwise}\end{cases})";
    QTest::newRow("braces") << R"(\overbrace{a+\cdots+z}^{26}+\underbrace{1+\cdots+n}_{n(n+1)/2})";
    QTest::newRow("big brackets") << R"(\left( \sum_{k=1}^n a_k b_k \right)^2)";
    QTest::newRow("continued fraction") << R"(1+\frac{e^{-2\pi}}{1+\frac{e^{-4\pi}}{1+\cdots}})";
    QTest::newRow("chemistry") << R"(\ce{2H2 + O2 ->[\Delta] 2H2O})";
    QTest::newRow("cancel and colour") << R"(\cancel{x}\boxed{E=mc^2}\color{red}{r})";
    QTest::newRow("alphabets")
        << R"(\mathbb{R}\mathcal{L}\mathfrak{g}\boldsymbol{\theta}\widehat{xyz})";
    QTest::newRow("contour") << R"(\oint_{\partial\Sigma}\mathbf{B}\cdot d\boldsymbol\ell)";
    QTest::newRow("arrows and bra-ket")
        << R"(\xrightarrow[u]{o} \left\langle \psi \middle| \hat H \middle| \psi \right\rangle)";
    QTest::newRow("Chinese text") << R"(\text{损失}\;\mathcal{L})";
    QTest::newRow("array with rules") << R"(\begin{array}{c|cc} & A \\ \hline x & 1\end{array})";
    QTest::newRow("numbered") << R"(\begin{align}a&=b\tag{1}\\c&=d\tag{2}\end{align})";
    QTest::newRow("macro") << R"(\newcommand{\R}{\mathbb{R}} x\in\R)";
}

void TestRendering::formulas()
{
    QFETCH(QString, tex);
    MathEngine engine;
    MathResult result;
    bool done = false;

    const MathResult *known = engine.typeset(tex, true, this, [&](const MathResult &answer) {
        result = answer;
        done = true;
    });
    QVERIFY(!known);
    QTRY_VERIFY_WITH_TIMEOUT(done, 60'000);

    QVERIFY2(result.picture, qPrintable(result.error));
    QVERIFY(result.picture->width() > 1 && result.picture->width() < 120);
    QVERIFY(result.picture->height() > 0.8 && result.picture->height() < 40);
    QVERIFY(result.picture->depth() >= -0.1 && result.picture->depth() < 20);
    QImage image(900, 400, QImage::Format_RGB32);
    image.fill(Qt::white);
    QPainter painter(&image);
    result.picture->paint(painter, QRectF(10, 10, 800, result.picture->height() * 7), 7, Qt::black);
    painter.end();
    int ink = 0;
    for (int y = 0; y < image.height(); ++y)
        for (int x = 0; x < image.width(); ++x)
            ink += qGray(image.pixel(x, y)) < 128 ? 1 : 0;
    QVERIFY2(ink > 40, "nothing was drawn");
}

void TestRendering::brokenFormula()
{
    MathEngine engine;
    QString error;

    static_cast<void>(engine.typeset(QStringLiteral("\\frac{a}{"), false, this,
                                     [&](const MathResult &answer) { error = answer.error; }));

    QTRY_VERIFY_WITH_TIMEOUT(!error.isEmpty(), 60'000);
    QCOMPARE(error, QStringLiteral("Missing close brace"));
}

void TestRendering::streamGrows()
{
    std::vector<Output> outputs{stream(QStringLiteral("a\n"))};
    const auto made = area(outputs);
    const qreal before = made->layout(600);
    QSignalSpy grown(made.get(), &Block::heightChanged);

    outputs[0].text += QStringLiteral("b\nc\n");
    made->appendStream(outputs, 0, 4);

    QVERIFY(grown.count() > 0);
    QVERIFY(made->layout(600) > before);
    QCOMPARE(made->plainText().trimmed(), QStringLiteral("a\nb\nc"));
}

void TestRendering::updateKeepsOthers()
{
    std::vector<Output> outputs{stream(QStringLiteral("one")), stream(QStringLiteral("two")),
                                stream(QStringLiteral("three"))};
    const auto made = area(outputs);

    outputs[1] = stream(QStringLiteral("TWO"), QStringLiteral("stderr"));
    outputs.pop_back();
    made->updateOutputs(outputs, 1);

    QCOMPARE(made->plainText(), QStringLiteral("one\nTWO"));
    made->updateOutputs({}, 0);
    QCOMPARE(made->layout(600), 0.0);
}

void TestRendering::animationsMoveWhileSeen_data()
{
    QTest::addColumn<QByteArray>("gif"); // red, then blue, 60 ms each
    QTest::addColumn<bool>("forEver");

    QTest::newRow("for ever") << QByteArray(
                                     "R0lGODlhAgACAIEAAP8AAAAA/wD/AAAAACH/C05FVFNDQVBFMi4wAwEAAAAh"
                                     "+QQEBgAAACwAAAAAAgACAAACBARBEAUAIfkEBAYAAAAsAAAAAAIAAgAAAgQM"
                                     "wzAFADs=")
                              << true;
    QTest::newRow("once") << QByteArray(
                                 "R0lGODlhAgACAIEAAP8AAAAA/wD/AAAAACH5BAQGAAAALAAAAAACAAIAAAIEBEEQ"
                                 "BQAh+QQEBgAAACwAAAAAAgACAAACBAzDMAUAOw==")
                          << false;
}

void TestRendering::animationsMoveWhileSeen()
{
    QFETCH(QByteArray, gif);
    QFETCH(bool, forEver);
    const auto block = area({display({{QStringLiteral("image/gif"), QString::fromLatin1(gif)}})});
    block->layout(400);
    const auto colour = [&block] { // as it is painted now
        QImage page(8, 8, QImage::Format_RGB32);
        page.fill(Qt::white);
        QPainter painter(&page);
        block->paint(painter, QRectF(0, 0, 8, 8));
        painter.end();
        return page.pixelColor(0, 0);
    };
    QTRY_COMPARE(colour(), QColor(Qt::red));
    QTRY_COMPARE(colour(), QColor(Qt::blue));
    if (!forEver) {
        QTest::qWait(400);
        QCOMPARE(colour(), QColor(Qt::blue)); // it stays at its last picture
        return;
    }
    QTRY_COMPARE(colour(), QColor(Qt::red));

    // Out of sight nothing is decoded: at most the frame that was under way comes.
    QSignalSpy moved(block.get(), &Block::repaintNeeded);
    QTest::qWait(600);
    QVERIFY2(moved.count() <= 1, QByteArray::number(moved.count()).constData());
    QTRY_COMPARE(colour(), QColor(Qt::blue));
}

void TestRendering::collapse()
{
    const auto made = area({stream(QStringLiteral("1\n2\n3\n4\n5\n6\n"))});
    const qreal open = made->layout(600);

    made->setCollapsed(true);

    QVERIFY(made->layout(600) < open);
    paint(*made, 600);
    QMenu menu;
    made->addActions(menu, QPointF(4, 4));
    QVERIFY(!menu.actions().isEmpty());
}

void TestRendering::longOutputIsClamped()
{
    QString text;
    for (int i = 0; i < 5000; ++i)
        text += QStringLiteral("line %1\n").arg(i);
    const auto made = area({stream(text)});

    const qreal height = made->layout(600);

    QVERIFY2(height > 400 && height < 560, qPrintable(QString::number(height)));
    QVERIFY(made->wheel(QPointF(20, 100), {}, QPoint(0, -120)));
    QVERIFY(!made->wheel(QPointF(20, 100), {}, QPoint(0, 1200)) || true);
    paint(*made, 600);
}

void TestRendering::tableCopiesAsText()
{
    const auto made = area({display(
        {{QStringLiteral("text/html"), QStringLiteral("<table class=dataframe><thead><tr><th></th>"
                                                      "<th>a</th></tr></thead><tbody><tr><th>0</th>"
                                                      "<td>1.5</td></tr></tbody></table>")}})});
    made->layout(600);
    made->selectAll();

    const std::unique_ptr<QMimeData> data(made->copySelection());

    QVERIFY(data);
    QCOMPARE(data->text(), QStringLiteral("\ta\n0\t1.5"));
    QCOMPARE(made->fallbackCount(), 0);
}

void TestRendering::corpus_data()
{
    QTest::addColumn<QString>("file");
    QStringList files = farcell::testing::corpusFiles(QStringLiteral("corpus-synthetic"));
    // Real ones: every eighth, so that the test stays short; the bench takes them all.
    const QStringList real = farcell::testing::corpusFiles(QStringLiteral("corpus"));
    for (qsizetype i = 0; i < real.size(); i += 8)
        files.append(real[i]);
    for (const QString &file : files)
        QTest::newRow(qPrintable(file)) << file;
    if (files.isEmpty())
        QTest::newRow("no corpus") << QString();
}

void TestRendering::corpus()
{
    QFETCH(QString, file);
    if (file.isEmpty())
        QSKIP("no corpus beside the source tree");
    const auto notebook = readNotebook(farcell::testing::corpusBytes(file));
    if (!notebook)
        return; // the reader's tests say why
    QElapsedTimer timer;
    timer.start();
    // Bounded: a few thousand cells of one notebook say as much as all of them.
    for (const Cell &cell : notebook->cells) {
        if (timer.elapsed() > 8000)
            break;
        std::unique_ptr<Block> block;
        if (cell.kind == CellKind::Markdown) {
            block = m_service->markdown(cell.source, cell.attachments, {});
        } else {
            auto outputs = m_service->outputs({});
            outputs->setOutputs(cell.outputs.items());
            block = std::move(outputs);
        }
        paint(*block, 700);
        block->themeChanged();
        paint(*block, 320);
        static_cast<void>(block->plainText().size());
        block->selectAll();
        const std::unique_ptr<QMimeData> copied(block->copySelection());
        QVERIFY(RenderService::estimateMarkdown(cell.source, 700) >= 0);
        QVERIFY(RenderService::estimateOutputs(cell.outputs, 700) >= 0);
    }
}

QTEST_MAIN(TestRendering)
#include "tst_rendering.moc"
