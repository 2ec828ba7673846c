// Says on the page that a passkey was not used: allauth's script only writes it to the console.
document.addEventListener('allauth.error', function () {
  const said = document.getElementById('passkey_error')
  if (said) said.hidden = false
})
