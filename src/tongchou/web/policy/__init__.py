"""政策参数: packs on a timeline, a version as a document, differences in words, cases, trying a case, drafts and publication."""
