#include "app/theme/palettes.h"
#include "app/theme/style.h"
#include "app/theme/theme.h"

#include <QDir>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

namespace farcell {

namespace {

double luminance(const QColor &colour)
{
    const auto linear = [](double c) {
        return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) +
           0.0722 * linear(colour.blueF());
}

// WCAG 2: from 1 (the same) to 21 (black on white).
double contrast(const QColor &a, const QColor &b)
{
    const double x = luminance(a);
    const double y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

} // namespace

class TestTheme : public QObject
{
    Q_OBJECT

private slots:
    void contrast_data();
    void contrast();
    void iconsAreTintedAndCrisp();
    void choiceSwitches();
    void styleSheetHasNoWordLeft();
};

void TestTheme::contrast_data()
{
    QTest::addColumn<QColor>("ink");
    QTest::addColumn<QColor>("paper");

    for (const bool dark : {false, true}) {
        const Theme t = dark ? darkTheme() : lightTheme();
        const QByteArray name = dark ? "dark: " : "light: ";
        const auto row = [&name](const QByteArray &what, const QColor &ink, const QColor &paper) {
            const QByteArray full = name + what;
            QTest::newRow(full.constData()) << ink << paper;
        };
        row("text on surface", t.text, t.surface);
        row("muted text on window", t.textMuted, t.window);
        row("faint text on window", t.textFaint, t.window);
        row("faint text on surface", t.textFaint, t.surface);
        row("faint text on sunken", t.textFaint, t.surfaceSunken);
        row("faint text on raised", t.textFaint, t.surfaceRaised);
        row("text on hover", t.text, t.hover);
        row("text on a selected row", t.text, t.accentSoft);
        row("text on accent", t.textOnAccent, t.accent);
        row("text on selection", t.text, t.selection);
        row("text on a find hit", t.text, t.findHit);
        row("text on the current find hit", t.text, t.findHitCurrent);
        row("link", t.link, t.surface);
        row("accent", t.accent, t.surface);
        row("danger", t.danger, t.surface);
        row("danger on its tint", t.danger, t.dangerSoft);
        row("warning on its tint", t.warning, t.warningSoft);
        row("text on the warning tint", t.text, t.warningSoft);
        row("success on its tint", t.success, t.successSoft);
        const auto &s = t.syntax;
        const std::vector<std::pair<const char *, QColor>> inks{
            {"plain", s.plain},         {"keyword", s.keyword},       {"builtin", s.builtin},
            {"string", s.string},       {"escape", s.escape},         {"number", s.number},
            {"comment", s.comment},     {"function", s.function},     {"type", s.type},
            {"decorator", s.decorator}, {"operator", s.operatorSign}, {"magic", s.magic},
            {"error", s.error}};
        for (const auto &[what, ink] : inks)
            row(QByteArray("code, ") + what, ink, t.surfaceSunken);
        for (size_t i = 0; i < t.ansi.size(); ++i)
            row(QByteArray("ansi ") + QByteArray::number(int(i)), t.ansi.at(i), t.surface);
    }
}

void TestTheme::contrast()
{
    QFETCH(QColor, ink);
    QFETCH(QColor, paper);

    const double ratio = farcell::contrast(ink, paper);

    QVERIFY2(ratio >= 4.5, qPrintable(QString::number(ratio)));
}

void TestTheme::iconsAreTintedAndCrisp()
{
    const ThemeSource source;
    const QDir icons(QStringLiteral(":/farcell/icons"));
    const QStringList names = icons.entryList({QStringLiteral("*.svg")}, QDir::Files);
    QVERIFY(names.size() > 60);

    for (const QString &name : names) {
        const QPixmap pixmap = source.pixmap(name.chopped(4), Qt::red, 20, 2);
        QCOMPARE(pixmap.size(), QSize(40, 40));
        const QImage image = pixmap.toImage();
        bool painted = false;
        for (int y = 0; y < 40 && !painted; ++y) {
            for (int x = 0; x < 40 && !painted; ++x)
                painted = image.pixelColor(x, y) == QColor(Qt::red);
        }
        QVERIFY2(painted, qPrintable(name));
    }
}

void TestTheme::choiceSwitches()
{
    ThemeSource source;
    source.setChoice(ThemeSource::Choice::Light);
    const QSignalSpy changed(&source, &ThemeSource::themeChanged);

    source.setChoice(ThemeSource::Choice::Dark);
    source.setCodeFontSize(100);

    QCOMPARE(changed.count(), 2);
    QVERIFY(source.theme().dark);
    QCOMPARE(source.codeFontSize(), 40);
}

void TestTheme::styleSheetHasNoWordLeft()
{
    const ThemeSource source; // loads the resources

    const QString sheet = Style::styleSheet(source.theme(), QStringLiteral("/tmp"));

    QVERIFY(sheet.size() > 1000);
    const auto left = QRegularExpression(QStringLiteral("@[a-z]+"))
                          .match(QString(sheet).remove(QStringLiteral("@words")));
    QVERIFY2(!left.hasMatch(), qPrintable(left.captured()));
}

} // namespace farcell

QTEST_MAIN(farcell::TestTheme)
#include "tst_theme.moc"
