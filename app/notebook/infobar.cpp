#include "app/notebook/infobar.h"

#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QToolButton>

#include <utility>

namespace farcell {

InfoBar::InfoBar(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_text(new QLabel(this))
    , m_buttons(new QHBoxLayout)
{
    setObjectName(QStringLiteral("infoBar"));
    m_text->setWordWrap(true);
    m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *close = new QToolButton(this);
    close->setIcon(theme.icon(QStringLiteral("close")));
    close->setIconSize({16, 16});
    close->setToolTip(tr("Close this message"));
    connect(close, &QToolButton::clicked, this, [this] { hideMessage(m_key); });

    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 6, 8, 6);
    layout->setSpacing(8);
    layout->addWidget(m_icon);
    layout->addWidget(m_text, 1);
    layout->addLayout(m_buttons);
    layout->addWidget(close);
    hide();
}

void InfoBar::showMessage(const QString &key, Kind kind, const QString &text,
                          std::vector<Choice> choices)
{
    m_key = key;
    const Theme &theme = m_theme.theme();
    const bool error = kind == Kind::Error;
    const bool warning = kind == Kind::Warning;
    setProperty("kind", error ? QStringLiteral("error")
                              : (warning ? QStringLiteral("warning") : QStringLiteral("info")));
    style()->unpolish(this);
    style()->polish(this);
    const QColor tint = error ? theme.danger : (warning ? theme.warning : theme.accent);
    const QString icon = error     ? QStringLiteral("error")
                         : warning ? QStringLiteral("warning")
                                   : QStringLiteral("info");
    m_icon->setPixmap(m_theme.pixmap(icon, tint, 20, devicePixelRatioF()));
    m_text->setText(text);

    while (QLayoutItem *item = m_buttons->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    for (Choice &choice : choices) {
        auto *button = new QPushButton(choice.text, this);
        connect(button, &QPushButton::clicked, this, [this, key, run = std::move(choice.run)] {
            hideMessage(key);
            if (run)
                run();
        });
        m_buttons->addWidget(button);
    }
    show();
}

void InfoBar::hideMessage(const QString &key)
{
    if (key == m_key)
        hide();
}

QString InfoBar::message() const
{
    return isHidden() ? QString() : m_text->text();
}

} // namespace farcell
