#pragma once

#include <QDateTime>
#include <QObject>
#include <QTimer>

namespace farcell {

class InfoBar;
class KernelLink;
struct LinkState;

// Tells above the notebook how the line to its kernel stands while it is down: since when, when the
// next try comes, and that neither edits nor the run are in danger. GUI thread; owned by the view.
class LinkNotice : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(LinkNotice)

public:
    LinkNotice(KernelLink &kernel, InfoBar &info, QObject *parent = nullptr);

    // "Offline since 14:03. Your edits are safe …"; empty while there is nothing to tell.
    [[nodiscard]] static QString sentence(const LinkState &state, const QString &where,
                                          const QDateTime &now);
    // "14:03", with the day when it was not today.
    [[nodiscard]] static QString clock(const QDateTime &utc, const QDateTime &now);

private:
    void update();

    KernelLink &m_kernel;
    InfoBar &m_info;
    QTimer m_tick;
    QTimer m_patience; // a short break is not worth a line
    int m_shownPhase = -1;
    bool m_dismissed = false;
};

} // namespace farcell
