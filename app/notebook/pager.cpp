#include "app/notebook/pager.h"

#include "app/editor/helppopup.h"
#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QTextEdit>
#include <QToolButton>
#include <QVBoxLayout>

namespace farcell {

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
