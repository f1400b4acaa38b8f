#include "app/connect/servercard.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QVBoxLayout>

namespace farcell {

ServerCard::ServerCard(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_title(new QLabel(this))
    , m_note(new QLabel(this))
    , m_progress(new QProgressBar(this))
{
    setObjectName(QStringLiteral("serverCard"));
    m_title->setWordWrap(true);
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->setWordWrap(true);
    m_note->setProperty("kind", QStringLiteral("muted"));
    m_icon->setFixedSize(20, 20);
    m_progress->setRange(0, 0);
    m_progress->setTextVisible(false);

    auto *const texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(m_title);
    texts->addWidget(m_note);
    texts->addWidget(m_progress);
    auto *const row = new QHBoxLayout(this);
    row->setContentsMargins(12, 10, 12, 10);
    row->setSpacing(12);
    row->addWidget(m_icon, 0, Qt::AlignTop);
    row->addLayout(texts, 1);
    connect(&theme, &ThemeSource::themeChanged, this, &ServerCard::applyTheme);
    showNothing();
}

void ServerCard::showNothing()
{
    hide();
}

void ServerCard::showWaiting(const QString &text)
{
    show(Mood::Waiting, text, {});
}

void ServerCard::showServer(const ServerInfo &info, const QUrl &url)
{
    show(Mood::Good, info.name,
         url.isEmpty() ? tr("Running on this computer")
                       : url.toString(QUrl::RemoveQuery | QUrl::RemoveUserInfo));
}

void ServerCard::showError(const Error &error)
{
    QString text = error.message;
    if (!text.endsWith(u'?') && !text.endsWith(u'.'))
        text += u'.';
    show(Mood::Bad, text, {});
}

void ServerCard::show(Mood mood, const QString &title, const QString &note)
{
    m_mood = mood;
    m_title->setText(title);
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    m_progress->setVisible(mood == Mood::Waiting);
    setAccessibleName(title);
    applyTheme();
    setVisible(true);
}

void ServerCard::applyTheme()
{
    const Theme &theme = m_theme.theme();
    QColor back = theme.surfaceSunken;
    QColor tint = theme.textMuted;
    QString icon = QStringLiteral("server");
    if (m_mood == Mood::Good) {
        back = theme.successSoft;
        tint = theme.success;
        icon = QStringLiteral("check");
    } else if (m_mood == Mood::Bad) {
        back = theme.dangerSoft;
        tint = theme.danger;
        icon = QStringLiteral("error");
    }
    m_icon->setPixmap(m_theme.pixmap(icon, tint, 20, devicePixelRatioF()));
    m_title->setFont(m_mood == Mood::Good ? theme.bodyStrong : theme.body);
    m_note->setFont(theme.caption);
    setStyleSheet(QStringLiteral("#serverCard { background: %1; border-radius: %2px; }")
                      .arg(back.name())
                      .arg(Theme::radius));
}

} // namespace farcell
