#include "app/blocks/images.h"
#include "app/markdown/cssstyle.h"
#include "app/markdown/htmltokens.h"

#include <QTest>

using namespace farcell;

// The sanitiser: what hostile HTML comes down to.
class TestHtmlTokens : public QObject
{
    Q_OBJECT
private slots:
    void text_data();
    void text();
    void attributes_data();
    void attributes();
    void links_data();
    void links();
    void colors_data();
    void colors();
    void svgIsCleaned();
    void svgBombIsDefused();
    void sheet();
};

void TestHtmlTokens::text_data()
{
    QTest::addColumn<QString>("html");
    QTest::addColumn<QString>("expected");

    QTest::newRow("plain") << "a <b>c</b>"
                           << "a c";
    QTest::newRow("script") << "a<script>alert(1)</script>b"
                            << "ab";
    QTest::newRow("script in capitals") << "a<SCRIPT >x</ScRiPt>b"
                                        << "ab";
    QTest::newRow("unclosed script") << "a<script>alert(1)"
                                     << "a";
    QTest::newRow("script that holds a tag") << "<script>\"<b>\"</script>x"
                                             << "x";
    QTest::newRow("style") << "<style>b{}</style>x"
                           << "x";
    QTest::newRow("svg with script") << "<svg><script>x</script><a/></svg>y"
                                     << "y";
    QTest::newRow("iframe") << "<iframe srcdoc='<b>x</b>'>z</iframe>y"
                            << "y";
    QTest::newRow("unknown tag") << "<blink>x</blink>"
                                 << "x";
    QTest::newRow("comment") << "a<!-- <b>x</b> -->b"
                             << "ab";
    QTest::newRow("lone less-than") << "a < b"
                                    << "a < b";
    QTest::newRow("entities") << "&lt;b&gt; &amp; &#65;&#x42; &nbsp;&unknown;"
                              << QString::fromUtf8("<b> & AB \u00a0&unknown;");
    QTest::newRow("bad entity numbers")
        << "&#0;&#xD800;&#99999999;" << QString::fromUtf8("&#0;\ufffd&#99999999;");
    QTest::newRow("unclosed tag") << "a<b"
                                  << "a";
}

void TestHtmlTokens::text()
{
    QFETCH(QString, html);
    QFETCH(QString, expected);

    QString text;
    for (const HtmlToken &token : tokenizeHtml(html).tokens)
        text += token.text;

    if (QByteArray(QTest::currentDataTag()) == "bad entity numbers")
        QVERIFY(!text.contains(QChar(0xd800)) && !text.contains(QChar(0)));
    else
        QCOMPARE(text, expected);
}

void TestHtmlTokens::attributes_data()
{
    QTest::addColumn<QString>("html");
    QTest::addColumn<QString>("expected"); // "name=value" of the first tag, by semicolons

    QTest::newRow("kept") << "<img src=\"a.png\" width=10 alt='x y'>"
                          << "src=a.png;width=10;alt=x y";
    QTest::newRow("handlers") << "<img src=x onerror=alert(1) OnLoad='x'>"
                              << "src=x";
    QTest::newRow("javascript link") << "<a href='javascript:alert(1)'>"
                                     << "";
    QTest::newRow("hidden javascript link") << "<a href=' java\nscript:alert(1)'>"
                                            << "";
    QTest::newRow("encoded javascript link") << "<a href='&#106;avascript:alert(1)'>"
                                             << "";
    QTest::newRow("file link") << "<a href='file:///etc/passwd'>"
                               << "";
    QTest::newRow("data link") << "<a href='data:text/html,x'>"
                               << "";
    QTest::newRow("web link") << "<a href='https://a.b/c?d=e&amp;f'>"
                              << "href=https://a.b/c?d=e&f";
    QTest::newRow("anchor") << "<a href='#x:y'>"
                            << "href=#x:y";
    QTest::newRow("srcdoc and action") << "<form action='/x' srcdoc='y'>"
                                       << "";
    QTest::newRow("no value") << "<input checked type=checkbox>"
                              << "checked=;type=checkbox";
    QTest::newRow("quote in value") << "<p title=\"a'b\">"
                                    << "title=a'b";
}

void TestHtmlTokens::attributes()
{
    QFETCH(QString, html);
    QFETCH(QString, expected);

    const HtmlTokens parsed = tokenizeHtml(html);

    QStringList found;
    for (const auto &[name, value] : parsed.tokens.front().attributes)
        found.append(name + QLatin1Char('=') + value);
    QCOMPARE(found.join(QLatin1Char(';')), expected);
}

void TestHtmlTokens::links_data()
{
    QTest::addColumn<QString>("url");
    QTest::addColumn<bool>("allowed");

    QTest::newRow("http") << "http://x" << true;
    QTest::newRow("mail") << "mailto:a@b.c" << true;
    QTest::newRow("relative") << "a/b:c" << true;
    QTest::newRow("attachment") << "attachment:x.png" << true;
    QTest::newRow("script") << "JavaScript:x" << false;
    QTest::newRow("vbscript") << "vbscript:x" << false;
    QTest::newRow("tab inside") << "java\tscript:x" << false;
    QTest::newRow("control in front") << "\x01javascript:x" << false;
}

void TestHtmlTokens::links()
{
    QFETCH(QString, url);
    QFETCH(bool, allowed);

    QCOMPARE(isAllowedLink(url), allowed);
}

void TestHtmlTokens::colors_data()
{
    QTest::addColumn<QString>("css");
    QTest::addColumn<QString>("expected");

    QTest::newRow("name") << "red"
                          << "#ff0000";
    QTest::newRow("short") << "#0f0"
                           << "#00ff00";
    QTest::newRow("function") << "rgb(1, 2, 3)"
                              << "#010203";
    QTest::newRow("share") << "rgb(100%,0%,0%)"
                           << "#ff0000";
    QTest::newRow("hue") << "hsl(120, 100%, 50%)"
                         << "#00ff00";
    QTest::newRow("with alpha") << "#11223380"
                                << "#112233";
    QTest::newRow("none") << "transparent"
                          << "";
    QTest::newRow("nonsense") << "url(http://x)"
                              << "";
}

void TestHtmlTokens::colors()
{
    QFETCH(QString, css);
    QFETCH(QString, expected);

    const auto color = parseCssColor(css);

    QCOMPARE(color ? color->name() : QString(), expected);
}

void TestHtmlTokens::svgIsCleaned()
{
    const QByteArray svg = R"(<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]>
        <svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x">
        <script>alert(1)</script><foreignObject><b/></foreignObject>
        <image xlink:href="file:///etc/passwd"/><image href="http://a/b.png"/>
        <image href="data:image/png;base64,AA=="/><use xlink:href="#p"/><path id="p" d="M0 0"/></svg>)";

    const QByteArray clean = sanitizedSvg(svg);

    QVERIFY(clean.contains("<path"));
    QVERIFY(clean.contains("#p"));
    QVERIFY(clean.contains("data:image/png"));
    for (const char *bad : {"script", "foreignObject", "file:", "http://a", "onload", "ENTITY"})
        QVERIFY2(!clean.contains(bad), bad);
}

void TestHtmlTokens::svgBombIsDefused()
{
    const QByteArray svg = R"(<svg xmlns="http://www.w3.org/2000/svg"><g id="a"><path d="M0 0"/></g>
        <g id="b"><use href="#a"/><use href="#a"/></g><g id="c"><use href="#b"/><use href="#b"/></g>
        <g id="d"><use href="#c"/></g></svg>)";

    const QByteArray clean = sanitizedSvg(svg);

    QCOMPARE(clean.count("<use"), 1); // only the one in "d", which nothing uses
}

void TestHtmlTokens::sheet()
{
    const CssSheet sheet(QStringLiteral(
        "#T_a_row0_col1, #T_a_row1_col1 { background-color: #ff0000; color: #fff }\n"
        "/* x */ .dataframe tbody tr th { vertical-align: top } .hot{font-weight:bold}"));
    HtmlToken cell;
    cell.attributes = {{QStringLiteral("id"), QStringLiteral("T_a_row1_col1")},
                       {QStringLiteral("class"), QStringLiteral("data hot")},
                       {QStringLiteral("style"), QStringLiteral("color: blue")}};

    const CssStyle style = sheet.styleOf(cell);

    QCOMPARE(style.background->name(), QStringLiteral("#ff0000"));
    QCOMPARE(style.color->name(), QStringLiteral("#0000ff"));
    QVERIFY(style.bold.value_or(false));
}

QTEST_GUILESS_MAIN(TestHtmlTokens)
#include "tst_htmltokens.moc"
