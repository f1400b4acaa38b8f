#include "app/theme/style.h"

#include "app/theme/iconengine.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QPainter>
#include <QRegularExpression>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTemporaryDir>

#include <algorithm>
#include <array>
#include <utility>

namespace farcell {

namespace {

// Style sheets take images by file name only, so the few icons they need are written, tinted, to
// a private folder that lives as long as the program.
QString writeIcons(const Theme &theme)
{
    static const QTemporaryDir folder;
    QString base = folder.path() + (theme.dark ? QStringLiteral("/d") : QStringLiteral("/l"));
    if (!folder.isValid() || QDir(base).exists() || !QDir().mkpath(base))
        return base;
    const std::array names{"chevron-down", "chevron-up", "chevron-right", "check"};
    for (const char *name : names) {
        QFile source(QStringLiteral(":/farcell/icons/%1.svg").arg(QLatin1String(name)));
        QFile target(QStringLiteral("%1/%2.svg").arg(base, QLatin1String(name)));
        if (!source.open(QIODevice::ReadOnly) || !target.open(QIODevice::WriteOnly))
            continue;
        target.write(source.readAll().replace("currentColor", theme.textMuted.name().toLatin1()));
    }
    return base;
}

} // namespace

Style::Style(ThemeSource &source)
    : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion")))
    , m_source(source)
{}

void Style::install(QApplication &application, ThemeSource &source)
{
    auto *style = new Style(source);
    QApplication::setStyle(style); // takes ownership
    const auto apply = [&application, &source] {
        const Theme &theme = source.theme();
        QApplication::setPalette(palette(theme));
        QApplication::setFont(theme.body);
        application.setStyleSheet(styleSheet(theme, writeIcons(theme)));
    };
    apply();
    QObject::connect(&source, &ThemeSource::themeChanged, style, apply);
}

QString Style::styleSheet(const Theme &theme, const QString &iconDirectory)
{
    QFile file(QStringLiteral(":/farcell/farcell.qss"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    QString sheet = QString::fromUtf8(file.readAll());

    const auto over = [](QColor top, qreal alpha, const QColor &under) {
        const auto mix = [alpha](int a, int b) { return qRound(a * alpha + b * (1 - alpha)); };
        return QColor(mix(top.red(), under.red()), mix(top.green(), under.green()),
                      mix(top.blue(), under.blue()));
    };
    std::vector<std::pair<QString, QColor>> words{
        {QStringLiteral("@window"), theme.window},
        {QStringLiteral("@surface"), theme.surface},
        {QStringLiteral("@surfaceRaised"), theme.surfaceRaised},
        {QStringLiteral("@surfaceSunken"), theme.surfaceSunken},
        {QStringLiteral("@field"), theme.dark ? theme.surfaceSunken : theme.surface},
        {QStringLiteral("@hover"), theme.hover},
        {QStringLiteral("@pressed"), theme.pressed},
        {QStringLiteral("@border"), theme.border},
        {QStringLiteral("@borderStrong"), theme.borderStrong},
        {QStringLiteral("@text"), theme.text},
        {QStringLiteral("@textMuted"), theme.textMuted},
        {QStringLiteral("@textFaint"), theme.textFaint},
        {QStringLiteral("@textOnAccent"), theme.textOnAccent},
        {QStringLiteral("@accent"), theme.accent},
        {QStringLiteral("@accentHover"), theme.accentHover},
        {QStringLiteral("@accentSoft"), theme.accentSoft},
        {QStringLiteral("@danger"), theme.danger},
        {QStringLiteral("@dangerSoft"), theme.dangerSoft},
        {QStringLiteral("@warningSoft"), theme.warningSoft},
        {QStringLiteral("@success"), theme.success},
        {QStringLiteral("@selection"), theme.selection},
        {QStringLiteral("@focusRing"), theme.focusRing},
        {QStringLiteral("@link"), theme.link},
        {QStringLiteral("@scroll"), over(theme.textFaint, 0.35, theme.surface)},
        {QStringLiteral("@scrollHover"), over(theme.textFaint, 0.65, theme.surface)},
    };
    // Longest first: "@text" must not eat the start of "@textMuted".
    std::sort(words.begin(), words.end(),
              [](const auto &a, const auto &b) { return a.first.size() > b.first.size(); });
    for (const auto &[word, colour] : words)
        sheet.replace(word, colour.name());
    static const QRegularExpression icon(QStringLiteral("url\\(:/farcell/tint/([a-z-]+)\\)"));
    sheet.replace(icon, QStringLiteral("url(%1/\\1.svg)").arg(iconDirectory));
    return sheet;
}

QPalette Style::palette(const Theme &theme)
{
    QPalette p;
    p.setColor(QPalette::Window, theme.window);
    p.setColor(QPalette::WindowText, theme.text);
    p.setColor(QPalette::Base, theme.surface);
    p.setColor(QPalette::AlternateBase, theme.surfaceSunken);
    p.setColor(QPalette::Text, theme.text);
    p.setColor(QPalette::PlaceholderText, theme.textFaint);
    p.setColor(QPalette::Button, theme.surface);
    p.setColor(QPalette::ButtonText, theme.text);
    p.setColor(QPalette::BrightText, theme.danger);
    p.setColor(QPalette::Highlight, theme.selection);
    p.setColor(QPalette::HighlightedText, theme.text);
    p.setColor(QPalette::ToolTipBase, theme.surfaceRaised);
    p.setColor(QPalette::ToolTipText, theme.text);
    p.setColor(QPalette::Link, theme.link);
    p.setColor(QPalette::LinkVisited, theme.link);
    p.setColor(QPalette::Light, theme.surfaceRaised);
    p.setColor(QPalette::Midlight, theme.hover);
    p.setColor(QPalette::Mid, theme.border);
    p.setColor(QPalette::Dark, theme.borderStrong);
    p.setColor(QPalette::Shadow, theme.borderStrong);
    for (const QPalette::ColorRole role :
         {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        p.setColor(QPalette::Disabled, role, theme.textFaint);
    return p;
}

QPalette Style::standardPalette() const
{
    return palette(m_source.theme());
}

void Style::drawCheck(const QStyleOption &option, QPainter &painter, bool round) const
{
    const Theme &theme = m_source.theme();
    const bool on = option.state.testFlag(State_On);
    const bool enabled = option.state.testFlag(State_Enabled);
    QRectF box(0, 0, 16, 16);
    box.moveCenter(QRectF(option.rect).center());

    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    QColor line = on ? theme.accent : theme.borderStrong;
    QColor fill = on ? theme.accent : (theme.dark ? theme.surfaceSunken : theme.surface);
    if (!enabled) {
        line = theme.border;
        fill = on ? theme.borderStrong : theme.window;
    }
    if (option.state.testFlag(State_HasFocus))
        line = theme.focusRing;
    painter.setPen(QPen(line, option.state.testFlag(State_HasFocus) ? 2 : 1));
    painter.setBrush(fill);
    const qreal radius = round ? 8 : 4;
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius);
    if (on && round) {
        painter.setPen(Qt::NoPen);
        painter.setBrush(theme.textOnAccent);
        painter.drawEllipse(box.center(), 3, 3);
    } else if (on) {
        painter.setPen(QPen(theme.textOnAccent, 1.75, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
        const std::array points{box.topLeft() + QPointF(4, 8.3), box.topLeft() + QPointF(7, 11.2),
                                box.topLeft() + QPointF(12, 5.2)};
        painter.drawPolyline(points.data(), int(points.size()));
    }
    painter.restore();
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption *option, QPainter *painter,
                          const QWidget *widget) const
{
    switch (element) {
    case PE_FrameFocusRect: // focus is shown by borders and tints
        return;
    case PE_IndicatorCheckBox:
    case PE_IndicatorItemViewItemCheck:
        drawCheck(*option, *painter, false);
        return;
    case PE_IndicatorRadioButton:
        drawCheck(*option, *painter, true);
        return;
    default:
        QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

int Style::pixelMetric(PixelMetric metric, const QStyleOption *option, const QWidget *widget) const
{
    switch (metric) {
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_ListViewIconSize:
    case PM_TabBarIconSize:
    case PM_ToolBarIconSize:
        return 20;
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
        return 18;
    case PM_LayoutHorizontalSpacing:
    case PM_LayoutVerticalSpacing:
        return 8;
    case PM_LayoutLeftMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutBottomMargin:
        return 16;
    case PM_MenuBarPanelWidth:
    case PM_DefaultFrameWidth:
        return 1;
    default:
        return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption *option, const QWidget *widget,
                     QStyleHintReturn *returnData) const
{
    switch (hint) {
    case SH_DialogButtonBox_ButtonsHaveIcons:
    case SH_EtchDisabledText:
    case SH_UnderlineShortcut:
        return 0;
    case SH_ToolTip_WakeUpDelay:
        return 500;
    case SH_ComboBox_Popup:
        return 0;
    default:
        return QProxyStyle::styleHint(hint, option, widget, returnData);
    }
}

} // namespace farcell
