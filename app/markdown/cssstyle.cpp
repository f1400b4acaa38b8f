#include "app/markdown/cssstyle.h"

#include "app/markdown/htmltokens.h"

#include <QRegularExpression>

#include <algorithm>
#include <cmath>

namespace farcell {

namespace {

constexpr int maxRules = 200'000;

double colorPart(const QString &text, double full)
{
    const QString trimmed = text.trimmed();
    if (trimmed.endsWith(QLatin1Char('%')))
        return trimmed.chopped(1).toDouble() / 100.0 * full;
    return trimmed.toDouble();
}

// "12px", "1.2em", "large" …
std::optional<double> fontPixels(const QString &value)
{
    static const QHash<QString, double> named{
        {QStringLiteral("xx-small"), 9},  {QStringLiteral("x-small"), 10},
        {QStringLiteral("small"), 12},    {QStringLiteral("medium"), 14},
        {QStringLiteral("large"), 17},    {QStringLiteral("x-large"), 21},
        {QStringLiteral("xx-large"), 28}, {QStringLiteral("smaller"), 12},
        {QStringLiteral("larger"), 17}};
    if (named.contains(value))
        return named.value(value);
    static const QRegularExpression pattern(QStringLiteral(R"(^([\d.]+)(px|pt|em|rem|%)?$)"));
    const QRegularExpressionMatch match = pattern.match(value);
    if (!match.hasMatch())
        return std::nullopt;
    const QString unit = match.captured(2);
    const double factor = unit == QLatin1String("pt")                                   ? 96.0 / 72
                          : unit == QLatin1String("em") || unit == QLatin1String("rem") ? 14
                          : unit == QLatin1String("%")                                  ? 0.14
                                                                                        : 1;
    return std::clamp(match.captured(1).toDouble() * factor, 6.0, 72.0);
}

void readGradient(const QString &value, CssStyle &style)
{
    // pandas: linear-gradient(90deg, #d65f5f 42.0%, transparent 42.0%), or with a start share.
    static const QRegularExpression bar(QStringLiteral(
        R"((#[0-9a-fA-F]{3,8}|[a-zA-Z]+|rgba?\([^)]*\))\s+([\d.]+)%\s*,\s*transparent)"));
    const QRegularExpressionMatch match = bar.match(value);
    if (!match.hasMatch())
        return;
    if (const auto color = parseCssColor(match.captured(1))) {
        style.barColor = *color;
        style.barFraction = std::clamp(match.captured(2).toDouble() / 100.0, 0.0, 1.0);
    }
}

void readDeclaration(const QString &name, const QString &value, CssStyle &style)
{
    if (name == QLatin1String("color")) {
        style.color = parseCssColor(value);
    } else if (name == QLatin1String("background-color") || name == QLatin1String("background")) {
        if (value.contains(QLatin1String("gradient")))
            readGradient(value, style);
        else
            style.background = parseCssColor(
                value.section(QLatin1Char(' '), 0, value.contains(QLatin1Char('(')) ? -1 : 0));
    } else if (name == QLatin1String("font-weight")) {
        style.bold = value == QLatin1String("bold") || value == QLatin1String("bolder") ||
                     value.toInt() >= 600;
    } else if (name == QLatin1String("font-style")) {
        style.italic = value != QLatin1String("normal");
    } else if (name == QLatin1String("text-decoration") ||
               name == QLatin1String("text-decoration-line")) {
        style.underline = value.contains(QLatin1String("underline"));
        style.strike = value.contains(QLatin1String("line-through"));
    } else if (name == QLatin1String("text-align")) {
        style.align = value == QLatin1String("right")    ? Qt::AlignRight
                      : value == QLatin1String("center") ? Qt::AlignHCenter
                                                         : Qt::AlignLeft;
    } else if (name == QLatin1String("display")) {
        style.hidden = value == QLatin1String("none");
    } else if (name == QLatin1String("font-size")) {
        style.fontSize = fontPixels(value);
    } else if (name == QLatin1String("font-family")) {
        style.monospace = value.contains(QLatin1String("mono"), Qt::CaseInsensitive) ||
                          value.contains(QLatin1String("courier"), Qt::CaseInsensitive);
    }
}

template <typename T>
void take(std::optional<T> &to, const std::optional<T> &from)
{
    if (from)
        to = from;
}

} // namespace

void CssStyle::merge(const CssStyle &over)
{
    take(color, over.color);
    take(background, over.background);
    take(bold, over.bold);
    take(italic, over.italic);
    take(underline, over.underline);
    take(strike, over.strike);
    take(align, over.align);
    take(hidden, over.hidden);
    take(fontSize, over.fontSize);
    take(monospace, over.monospace);
    if (over.barFraction >= 0) {
        barFraction = over.barFraction;
        barColor = over.barColor;
    }
}

std::optional<QColor> parseCssColor(const QString &text)
{
    const QString value = text.trimmed().toLower();
    static const QRegularExpression function(QStringLiteral(
        R"(^(rgba?|hsla?)\(([^,]+)[, ]+([^,]+)[, ]+([^,/)]+)(?:[,/]\s*([^)]+))?\)$)"));
    const QRegularExpressionMatch match = function.match(value);
    if (match.hasMatch()) {
        const auto unit = [](double v) { return static_cast<float>(std::clamp(v, 0.0, 1.0)); };
        const float alpha =
            match.captured(5).isEmpty() ? 1.0F : unit(colorPart(match.captured(5), 1));
        if (match.captured(1).startsWith(QLatin1String("hsl")))
            return QColor::fromHslF(unit(std::fmod(match.captured(2).toDouble() + 360, 360) / 360),
                                    unit(colorPart(match.captured(3), 1)),
                                    unit(colorPart(match.captured(4), 1)), alpha);
        return QColor::fromRgbF(unit(colorPart(match.captured(2), 255) / 255),
                                unit(colorPart(match.captured(3), 255) / 255),
                                unit(colorPart(match.captured(4), 255) / 255), alpha);
    }
    if (value.startsWith(QLatin1Char('#')) && value.size() == 9) // CSS: alpha comes last
        return parseCssColor(value.left(7));
    if (value.isEmpty() || value == QLatin1String("transparent") ||
        value == QLatin1String("inherit") || value == QLatin1String("none") ||
        value == QLatin1String("initial"))
        return std::nullopt;
    const QColor color(value);
    return color.isValid() ? std::optional(color) : std::nullopt;
}

CssStyle parseCssDeclarations(const QString &declarations)
{
    CssStyle style;
    for (const QString &declaration : declarations.split(QLatin1Char(';'), Qt::SkipEmptyParts)) {
        const qsizetype colon = declaration.indexOf(QLatin1Char(':'));
        if (colon < 0)
            continue;
        QString value = declaration.mid(colon + 1).trimmed().toLower();
        value.remove(QStringLiteral("!important"));
        readDeclaration(declaration.left(colon).trimmed().toLower(), value.trimmed(), style);
    }
    return style;
}

CssSheet::CssSheet(const QString &text)
{
    static const QRegularExpression comment(QStringLiteral(R"(/\*.*?\*/)"),
                                            QRegularExpression::DotMatchesEverythingOption);
    QString sheet = text;
    sheet.remove(comment);
    qsizetype at = 0;
    while (m_rules.size() < maxRules) {
        const qsizetype open = sheet.indexOf(QLatin1Char('{'), at);
        const qsizetype close = sheet.indexOf(QLatin1Char('}'), open);
        if (open < 0 || close < 0)
            break;
        const CssStyle style = parseCssDeclarations(sheet.mid(open + 1, close - open - 1));
        for (const QString &selector :
             sheet.mid(at, open - at).split(QLatin1Char(','), Qt::SkipEmptyParts)) {
            const QString last = selector.trimmed().section(QLatin1Char(' '), -1);
            static const QRegularExpression simple(QStringLiteral(R"(^[#.][\w-]+$)"));
            if (simple.match(last).hasMatch())
                m_rules[last].merge(style);
        }
        at = close + 1;
    }
}

CssStyle CssSheet::styleOf(const HtmlToken &token) const
{
    CssStyle style;
    if (!m_rules.isEmpty()) {
        for (const QString &name :
             token.attribute(QLatin1String("class")).split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
            const auto rule = m_rules.constFind(QLatin1Char('.') + name);
            if (rule != m_rules.constEnd())
                style.merge(*rule);
        }
        const auto rule =
            m_rules.constFind(QLatin1Char('#') + token.attribute(QLatin1String("id")));
        if (rule != m_rules.constEnd())
            style.merge(*rule);
    }
    const QString own = token.attribute(QLatin1String("style"));
    if (!own.isEmpty())
        style.merge(parseCssDeclarations(own));
    return style;
}

} // namespace farcell
