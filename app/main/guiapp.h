#pragma once

#include <QStringList>

class QApplication;

namespace farcell {

struct GuiOptions
{
    QStringList files;        // absolute paths
    QString screenshot;       // write a picture of the window there when it has settled, then end
    bool newInstance = false; // do not hand the files to a running instance
};

// Runs the window application until it is quit. Owns everything that lives as long as it does.
int runGui(QApplication &application, const GuiOptions &options);

} // namespace farcell
