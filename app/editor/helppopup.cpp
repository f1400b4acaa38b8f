#include "app/editor/helppopup.h"

#include "app/editor/celleditor.h"
#include "app/theme/theme.h"

#include <QPainter>
#include <QPainterPath>
#include <QScreen>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace farcell {

namespace {

constexpr int maxWidth = 640;
constexpr int maxHeight = 320;
constexpr int margin = 12;

struct Pen
{
    int colour = -1;
    bool bold = false;
};

// One "select graphic rendition" sequence; 256 and true colours are left as they are.
void applySgr(Pen &pen, const QStringView parameters)
{
    const auto parts = parameters.split(u';');
    for (qsizetype i = 0; i < parts.size(); ++i) {
        const int code = parts[i].toInt();
        if (code == 0)
            pen = {};
        else if (code == 1)
            pen.bold = true;
        else if (code == 22)
            pen.bold = false;
        else if (code >= 30 && code <= 37)
            pen.colour = code - 30;
        else if (code >= 90 && code <= 97)
            pen.colour = code - 90 + 8;
        else if (code == 39)
            pen.colour = -1;
        else if (code == 38 || code == 48)
            i += (i + 1 < parts.size() && parts[i + 1] == u'2') ? 4 : 2;
    }
}

QString span(const QString &text, const Pen &pen, const Theme &theme)
{
    if (text.isEmpty())
        return {};
    QString style;
    if (pen.colour >= 0)
        style +=
            QStringLiteral("color:%1;").arg(theme.ansi.at(static_cast<size_t>(pen.colour)).name());
    if (pen.bold)
        style += QStringLiteral("font-weight:600;");
    const QString escaped = text.toHtmlEscaped();
    return style.isEmpty() ? escaped
                           : QStringLiteral("<span style=\"%1\">%2</span>").arg(style, escaped);
}

} // namespace

QString ansiToHtml(const QString &text, const ThemeSource &source)
{
    const Theme &theme = source.theme();
    QString html;
    QString run;
    Pen pen;
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] != u'\x1b') {
            run += text[i];
            continue;
        }
        if (i + 1 >= text.size() || text[i + 1] != u'[')
            continue;
        qsizetype end = i + 2;
        while (end < text.size() && (text[end].unicode() < 0x40 || text[end].unicode() > 0x7e))
            ++end;
        html += span(run, pen, theme);
        run.clear();
        if (end < text.size() && text[end] == u'm')
            applySgr(pen, QStringView(text).mid(i + 2, end - i - 2));
        i = end;
    }
    return html + span(run, pen, theme);
}

HelpPopup::HelpPopup(ThemeSource &theme, QWidget *parent)
    : QFrame(parent, Qt::ToolTip | Qt::FramelessWindowHint)
    , m_theme(theme)
    , m_text(new QTextBrowser(this))
{
    setAttribute(Qt::WA_ShowWithoutActivating);
    setAttribute(Qt::WA_TranslucentBackground);
    m_text->setFocusPolicy(Qt::NoFocus);
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setOpenLinks(false);
    m_text->setLineWrapMode(QTextEdit::NoWrap);
    m_text->setStyleSheet(QStringLiteral("QTextBrowser{background:transparent;border:none;}"));
    m_text->document()->setDocumentMargin(0);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(margin, margin, margin, margin);
    layout->addWidget(m_text);
}

void HelpPopup::open(CellEditor &editor, const QString &text)
{
    dismiss();
    if (text.trimmed().isEmpty())
        return;
    m_editor = &editor;
    const Theme &t = m_theme.theme();
    QString families;
    for (const QString &family : t.code.families())
        families += QStringLiteral("'%1',").arg(family);
    m_text->setHtml(QStringLiteral("<pre style=\"font-family:%1monospace;font-size:%2px;"
                                   "color:%3;margin:0\">%4</pre>")
                        .arg(families)
                        .arg(t.code.pixelSize())
                        .arg(t.text.name(), ansiToHtml(text.trimmed(), m_theme)));
    const QSizeF wanted = m_text->document()->size();
    resize(std::min(maxWidth, qCeil(wanted.width()) + 2 * margin + 8),
           std::min(maxHeight, qCeil(wanted.height()) + 2 * margin + 4));
    const QRect caret = editor.caretRect();
    const QRect screen = editor.screen()->availableGeometry();
    QPoint at = editor.viewport()->mapToGlobal(QPoint(caret.x() - margin, caret.bottom() + 4));
    if (at.y() + height() > screen.bottom())
        at.setY(editor.viewport()->mapToGlobal(caret.topLeft()).y() - height() - 4);
    at.setX(std::clamp(at.x(), screen.left(), std::max(screen.left(), screen.right() - width())));
    move(at);
    show();
    raise();
    connect(&editor, &CellEditor::edited, this, &HelpPopup::dismiss);
    connect(&editor, &CellEditor::escaped, this, &HelpPopup::dismiss);
    connect(&editor, &CellEditor::focusChanged, this, &HelpPopup::dismiss);
}

void HelpPopup::dismiss()
{
    if (m_editor)
        m_editor->disconnect(this);
    m_editor = nullptr;
    hide();
}

// Without a compositor a translucent window has black corners: cut them off as well.
void HelpPopup::resizeEvent(QResizeEvent *event)
{
    QFrame::resizeEvent(event);
    QPainterPath outline;
    outline.addRoundedRect(QRectF(rect()), Theme::radius, Theme::radius);
    setMask(outline.toFillPolygon().toPolygon());
}

void HelpPopup::paintEvent(QPaintEvent *)
{
    const Theme &t = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(t.border);
    painter.setBrush(t.surfaceRaised);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), Theme::radius,
                            Theme::radius);
}

} // namespace farcell
