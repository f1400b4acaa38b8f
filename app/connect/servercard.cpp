#include "app/connect/servercard.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

namespace farcell {

ServerCard::ServerCard(ThemeSource &theme, QWidget *parent)
    : QFrame(parent)
    , m_theme(theme)
    , m_icon(new QLabel(this))
    , m_title(new QLabel(this))
    , m_note(new QLabel(this))
    , m_progress(new QProgressBar(this))
    , m_fingerprint(new QLabel(this))
    , m_trust(new QPushButton(this))
{
    setObjectName(QStringLiteral("serverCard"));
    m_title->setWordWrap(true);
    m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_note->setWordWrap(true);
    m_note->setProperty("kind", QStringLiteral("muted"));
    m_icon->setFixedSize(20, 20);
    m_progress->setRange(0, 0);
    m_progress->setTextVisible(false);

    m_fingerprint->setWordWrap(true);
    m_fingerprint->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_fingerprint->setContentsMargins(0, 6, 0, 6);
    m_fingerprint->setAccessibleName(tr("Fingerprint"));
    m_trust->setAutoDefault(false);
    connect(m_trust, &QPushButton::clicked, this,
            [this] { emit trustRequested(m_fingerprint->property("fingerprint").toString()); });

    auto *const texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(m_title);
    texts->addWidget(m_note);
    texts->addWidget(m_progress);
    texts->addWidget(m_fingerprint);
    texts->addWidget(m_trust, 0, Qt::AlignLeft);
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
    showProgress(text, 0, 0);
}

void ServerCard::showProgress(const QString &text, qint64 done, qint64 total)
{
    constexpr int steps = 1000;
    m_progress->setRange(0, total > 0 ? steps : 0);
    m_progress->setValue(total > 0 ? static_cast<int>(done * steps / total) : 0);
    show(Mood::Waiting, text, {});
}

void ServerCard::showServer(const ServerInfo &info, const QUrl &url)
{
    showServer(info, url.isEmpty() ? tr("Running on this computer")
                                   : url.toString(QUrl::RemoveQuery | QUrl::RemoveUserInfo));
}

void ServerCard::showServer(const ServerInfo &info, const QString &where)
{
    show(Mood::Good, info.name, where);
}

void ServerCard::showDone(const QString &text)
{
    show(Mood::Good, text, {});
}

void ServerCard::showError(const Error &error)
{
    QString text = error.message;
    if (!text.endsWith(u'?') && !text.endsWith(u'.'))
        text += u'.';
    show(Mood::Bad, text, {});
}

// 32 bytes in two lines of groups, which is how they are read aloud and compared.
void ServerCard::showUntrusted(const Error &error, bool changed)
{
    show(changed ? Mood::Bad : Mood::Doubtful, error.message + u'.', {});
    const qsizetype half = (error.detail.size() + 1) / 2;
    m_fingerprint->setText(error.detail.left(half) + u'\n' + error.detail.mid(half));
    m_fingerprint->setProperty("fingerprint", error.detail);
    m_trust->setText(changed ? tr("Trust the new certificate") : tr("It is the same: trust it"));
    m_trust->setProperty("kind", changed ? QStringLiteral("danger") : QString());
    m_trust->style()->unpolish(m_trust);
    m_trust->style()->polish(m_trust);
    m_fingerprint->show();
    m_trust->show();
}

void ServerCard::show(Mood mood, const QString &title, const QString &note)
{
    m_mood = mood;
    m_title->setText(title);
    m_note->setText(note);
    m_note->setVisible(!note.isEmpty());
    m_progress->setVisible(mood == Mood::Waiting);
    m_fingerprint->hide();
    m_trust->hide();
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
    } else if (m_mood == Mood::Doubtful) {
        back = theme.warningSoft;
        tint = theme.warning;
        icon = QStringLiteral("key");
    } else if (m_mood == Mood::Bad) {
        back = theme.dangerSoft;
        tint = theme.danger;
        icon = QStringLiteral("error");
    }
    m_icon->setPixmap(m_theme.pixmap(icon, tint, 20, devicePixelRatioF()));
    m_title->setFont(m_mood == Mood::Good ? theme.bodyStrong : theme.body);
    m_note->setFont(theme.caption);
    QFont code = theme.code;
    code.setPixelSize(12);
    m_fingerprint->setFont(code);
    setStyleSheet(QStringLiteral("#serverCard { background: %1; border-radius: %2px; }")
                      .arg(back.name())
                      .arg(Theme::radius));
}

} // namespace farcell
