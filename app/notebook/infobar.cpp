#include "app/notebook/infobar.h"

#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

QString nameOf(InfoBar::Kind kind)
{
    switch (kind) {
    case InfoBar::Kind::Info:
        return QStringLiteral("info");
    case InfoBar::Kind::Warning:
        return QStringLiteral("warning");
    case InfoBar::Kind::Error:
        return QStringLiteral("error");
    }
    return {};
}

QColor tintOf(InfoBar::Kind kind, const Theme &theme)
{
    switch (kind) {
    case InfoBar::Kind::Info:
        return theme.accent;
    case InfoBar::Kind::Warning:
        return theme.warning;
    case InfoBar::Kind::Error:
        return theme.danger;
    }
    return theme.text;
}

} // namespace

InfoBar::InfoBar(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 0);
    m_layout->setSpacing(0);
    connect(&theme, &ThemeSource::themeChanged, this, &InfoBar::paintIcons);
    hide();
}

InfoBar::Line InfoBar::makeLine(const QString &key, Kind kind, std::vector<Choice> choices)
{
    Line line;
    line.key = key;
    line.kind = kind;
    line.frame = new QFrame(this);
    line.frame->setObjectName(QStringLiteral("infoBar"));
    line.frame->setProperty("kind", nameOf(kind));
    line.icon = new QLabel(line.frame);
    line.text = new QLabel(line.frame);
    line.text->setWordWrap(true);
    line.text->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *row = new QHBoxLayout(line.frame);
    row->setContentsMargins(16, 6, 8, 6);
    row->setSpacing(8);
    row->addWidget(line.icon);
    row->addWidget(line.text, 1);
    for (Choice &choice : choices) {
        auto *button = new QPushButton(choice.text, line.frame);
        button->setEnabled(choice.enabled);
        connect(button, &QPushButton::clicked, this,
                [this, key, closes = choice.closes, run = std::move(choice.run)] {
                    // The line and what it keeps may go with the message.
                    const std::function<void()> then = run;
                    if (closes)
                        hideMessage(key);
                    if (then)
                        then();
                });
        row->addWidget(button);
        line.buttons.append(button);
    }
    auto *close = new QToolButton(line.frame);
    close->setIcon(m_theme.icon(QStringLiteral("close")));
    close->setIconSize({16, 16});
    close->setToolTip(tr("Close this message"));
    connect(close, &QToolButton::clicked, this, [this, key] {
        hideMessage(key);
        emit messageClosed(key);
    });
    row->addWidget(close);
    return line;
}

void InfoBar::showMessage(const QString &key, Kind kind, const QString &text,
                          std::vector<Choice> choices)
{
    hideMessage(key);
    const Line line = makeLine(key, kind, std::move(choices));
    line.text->setText(text);
    m_lines.append(line);
    m_layout->addWidget(line.frame);
    paintIcons();
    show();
}

void InfoBar::changeText(const QString &key, const QString &text)
{
    if (Line *line = find(key); line && line->text->text() != text)
        line->text->setText(text);
}

void InfoBar::changeChoice(const QString &key, int choice, const QString &text, bool enabled)
{
    Line *line = find(key);
    if (!line || choice < 0 || choice >= line->buttons.size())
        return;
    line->buttons.at(choice)->setText(text);
    line->buttons.at(choice)->setEnabled(enabled);
}

void InfoBar::hideMessage(const QString &key)
{
    const auto it = std::find_if(m_lines.begin(), m_lines.end(),
                                 [&key](const Line &line) { return line.key == key; });
    if (it == m_lines.end())
        return;
    it->frame->hide();
    it->frame->deleteLater(); // one of its buttons may be asking
    m_layout->removeWidget(it->frame);
    m_lines.erase(it);
    setVisible(!m_lines.isEmpty());
}

bool InfoBar::hasMessage(const QString &key) const
{
    return std::any_of(m_lines.begin(), m_lines.end(),
                       [&key](const Line &line) { return line.key == key; });
}

QString InfoBar::message() const
{
    return m_lines.isEmpty() ? QString() : m_lines.last().text->text();
}

InfoBar::Line *InfoBar::find(const QString &key)
{
    const auto it = std::find_if(m_lines.begin(), m_lines.end(),
                                 [&key](const Line &line) { return line.key == key; });
    return it == m_lines.end() ? nullptr : &*it;
}

void InfoBar::paintIcons()
{
    for (const Line &line : std::as_const(m_lines))
        line.icon->setPixmap(m_theme.pixmap(nameOf(line.kind), tintOf(line.kind, m_theme.theme()),
                                            20, devicePixelRatioF()));
}

} // namespace farcell
