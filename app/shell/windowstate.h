#pragma once

#include <QByteArray>
#include <QList>
#include <QString>
#include <QUrl>

namespace farcell {

// One tab as it was, by place and position; cells are counted from 0, -1 is none.
struct OpenPage
{
    QString path;       // on this computer's disk, or on `fileRuntime`
    QUrl fileRuntime;   // empty: this computer's disk
    QUrl kernelRuntime; // empty: this computer
    int currentCell = -1;
    int topCell = -1;  // the first one in sight …
    int topOffset = 0; // … and where its upper edge was, in pixels from the top
};

// What was open in the window, kept in the state folder between two runs. A value.
struct WindowState
{
    QList<OpenPage> pages;
    int current = -1;
    QByteArray geometry, splitter; // as Qt saves them
    QString panel;                 // the command that shows it; empty: none

    [[nodiscard]] static QString defaultFile(); // $XDG_STATE_HOME/farcell/window.json
    [[nodiscard]] static WindowState load(const QString &file); // empty if there is none
    void save(const QString &file) const;
};

} // namespace farcell
