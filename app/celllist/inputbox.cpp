#include "app/celllist/inputbox.h"

#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPainter>

namespace farcell {

InputBox::InputBox(ThemeSource &theme, const QString &prompt, bool password, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_prompt(new QLabel(prompt, this))
    , m_line(new QLineEdit(this))
{
    auto *layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 4, 12, 4);
    layout->setSpacing(8);
    layout->addWidget(m_prompt);
    layout->addWidget(m_line, 1);
    m_prompt->setTextFormat(Qt::PlainText);
    m_prompt->setVisible(!prompt.isEmpty());
    m_line->setFrame(false);
    m_line->setEchoMode(password ? QLineEdit::Password : QLineEdit::Normal);
    m_line->setPlaceholderText(password ? tr("Password, then Return") : tr("Answer, then Return"));
    m_line->setAccessibleName(prompt.isEmpty() ? tr("Input for the running cell") : prompt);
    setFocusProxy(m_line);
    connect(m_line, &QLineEdit::returnPressed, this, [this] {
        m_line->setEnabled(false); // once; the list removes the box when the kernel goes on
        emit submitted(m_line->text());
    });
    connect(&theme, &ThemeSource::themeChanged, this, &InputBox::applyTheme);
    applyTheme();
}

void InputBox::applyTheme()
{
    const Theme &t = m_theme.theme();
    m_prompt->setFont(t.code);
    m_line->setFont(t.code);
    m_prompt->setStyleSheet(QStringLiteral("color:%1;").arg(t.text.name()));
    m_line->setStyleSheet(
        QStringLiteral("QLineEdit{background:transparent;border:none;padding:0;color:%1;}")
            .arg(t.text.name()));
    update();
}

void InputBox::paintEvent(QPaintEvent *)
{
    const Theme &t = m_theme.theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(t.surface);
    painter.setPen(QPen(t.accent, 1));
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), Theme::radius,
                            Theme::radius);
}

} // namespace farcell
