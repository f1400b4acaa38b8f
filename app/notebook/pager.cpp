#include "app/notebook/pager.h"

#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QRegularExpression>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

namespace farcell {

namespace {

struct Look
{
    int colour = -1; // index into Theme::ansi
    bool bold = false;

    void apply(int code)
    {
        if (code == 0)
            *this = {};
        else if (code == 1)
            bold = true;
        else if (code == 22)
            bold = false;
        else if (code >= 30 && code <= 37)
            colour = code - 30;
        else if (code == 39)
            colour = -1;
        else if (code >= 90 && code <= 97)
            colour = code - 90 + 8;
    }

    [[nodiscard]] QString open(const Theme &theme) const
    {
        QString style;
        if (colour >= 0)
            style += QStringLiteral("color:%1;").arg(theme.ansi.at(size_t(colour)).name());
        if (bold)
            style += QStringLiteral("font-weight:bold;");
        return QStringLiteral("<span style=\"%1\">").arg(style);
    }
};

} // namespace

QString ansiToHtml(const QString &text, const ThemeSource &theme)
{
    static const QRegularExpression escape(QStringLiteral(
        "\\x1b\\[([0-9;?]*)([A-Za-z])|\\x1b[\\(\\)][A-Z0-9]|\\x1b\\][^\\x07]*\\x07"));
    QString html;
    Look look;
    qsizetype at = 0;
    const auto piece = [&](qsizetype end) {
        if (end > at)
            html += look.open(theme.theme()) + text.mid(at, end - at).toHtmlEscaped() +
                    QStringLiteral("</span>");
    };
    auto it = escape.globalMatch(text);
    while (it.hasNext()) {
        const QRegularExpressionMatch match = it.next();
        piece(match.capturedStart());
        at = match.capturedEnd();
        if (match.captured(2) != QStringLiteral("m"))
            continue;
        const QStringList codes = match.captured(1).split(QLatin1Char(';'));
        for (const QString &code : codes)
            look.apply(code.toInt());
    }
    piece(text.size());
    return html;
}

Pager::Pager(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_view(new QTextEdit(this))
{
    setObjectName(QStringLiteral("pager"));
    auto *title = new QLabel(tr("Help"), this);
    title->setObjectName(QStringLiteral("panelTitle"));
    auto *close = new QToolButton(this);
    close->setIcon(theme.icon(QStringLiteral("close")));
    close->setToolTip(tr("Close (Esc)"));
    connect(close, &QToolButton::clicked, this, &Pager::closePager);

    auto *top = new QHBoxLayout;
    top->setContentsMargins(16, 4, 8, 0);
    top->addWidget(title, 1);
    top->addWidget(close);
    m_view->setReadOnly(true);
    m_view->setProperty("kind", QStringLiteral("page"));
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(top);
    layout->addWidget(m_view, 1);
    connect(&theme, &ThemeSource::themeChanged, this, &Pager::render);
    hide();
}

void Pager::showText(const QString &ansiText)
{
    m_text = ansiText;
    render();
    show();
}

void Pager::render()
{
    const QFont &font = m_theme.theme().code;
    m_view->setHtml(
        QStringLiteral("<pre style=\"font-family:'%1';font-size:%2px;white-space:pre-wrap\">"
                       "%3</pre>")
            .arg(font.families().join(QStringLiteral("','")))
            .arg(font.pixelSize())
            .arg(ansiToHtml(m_text, m_theme)));
}

void Pager::closePager()
{
    hide();
    emit closed();
}

void Pager::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        closePager();
    else
        QFrame::keyPressEvent(event);
}

} // namespace farcell
