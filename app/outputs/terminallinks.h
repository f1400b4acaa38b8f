#pragma once

#include <QString>

#include <vector>

namespace farcell {

// A piece of a terminal line that can be clicked.
struct TerminalLink
{
    int start = 0;
    int length = 0;
    QString target; // a URL, or "farcell-cell:in/<execution count>#<line>"
};

// Web addresses and places in cells ("Cell In[3], line 1", "<ipython-input-3-…>") in a line.
[[nodiscard]] std::vector<TerminalLink> findLinks(const QString &line);

} // namespace farcell
